"use strict";
// What all parts share: the data of the page, elements by description, copying, and enlarged figures.
const report = JSON.parse(document.getElementById("data").textContent);

/** Make an element: make("p", {class: "hint"}, "text", other). */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Tell users of screen readers. */
function say(text) {
  document.getElementById("said").textContent = text;
}

/** A command with its button, as the templates write it. */
function commandBox(text) {
  return make("span", { class: "command" }, make("code", { tabindex: "0" }, text),
    make("button", { type: "button", class: "copy", "data-copy": text, "aria-label": `Copy the command: ${text}` }, "copy"));
}

/** Copy text; where the browser forbids its clipboard to files, through a selection. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  await copyText(button.dataset.copy);
  button.focus();
  button.textContent = "copied";
  say("Copied");
  setTimeout(() => { button.textContent = "copy"; }, 1500);
});

for (const link of document.querySelectorAll("[data-zoom]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const image = link.querySelector("img");
    const close = make("button", { type: "button" }, "Close");
    const dialog = make("dialog", { class: "zoomed", "aria-label": image.alt }, close, make("img", { src: image.src, alt: image.alt }));
    document.body.append(dialog);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    dialog.showModal();
  });
}

document.getElementById("only-disputed").addEventListener("change", (event) => {
  const section = document.getElementById("settings");
  section.classList.toggle("only-disputed", event.target.checked);
  if (event.target.checked) for (const part of section.querySelectorAll("details:not([data-undisputed])")) part.open = true;
});

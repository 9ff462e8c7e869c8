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

// The same run under another name has the same page: it learns its name from its address, <run>/report/<page>.
const folder = decodeURIComponent(location.pathname).match(/([^/]+)\/report\/[^/]+$/)?.[1];
const named = (text) => (folder ? text.replaceAll(report.run, `results/${folder}`) : text);

if (folder) {
  document.title = `${folder} · ${document.title}`;
  document.getElementById("run-name").textContent = folder;
  for (const code of document.querySelectorAll("code:not(:has(*))")) code.textContent = named(code.textContent);
  for (const button of document.querySelectorAll(".copy")) {
    button.dataset.copy = named(button.dataset.copy);
    button.ariaLabel = named(button.ariaLabel);
  }
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

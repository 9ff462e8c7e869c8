"use strict";
// The image explorer: one picture at a time, what every method calls it, and where it looks.
if (report.explorer) {
  const { pictures, methods, labels, colours, cells, side } = report.explorer;
  const VERSIONS = ["clean", "typographic"];
  const section = document.getElementById("explorer");
  const shelf = section.querySelector(".shelf");
  const form = section.querySelector("form");
  const heats = ["0, 130, 90", "214, 84, 0"]; // true name, written word
  let current = report.explorer.first;

  /** The map of one method as an alpha mask, stretched by the browser. */
  function heatOf(picture, method, version, target) {
    picture.bytes ??= Uint8Array.from(atob(picture.maps), (sign) => sign.charCodeAt(0));
    const canvas = make("canvas", { width: cells, height: cells, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    const start = ((methods.indexOf(method) * 2 + version) * 2 + target) * cells * cells;
    const image = context.createImageData(cells, cells);
    const [red, green, blue] = heats[target].split(",").map(Number);
    for (let cell = 0; cell < cells * cells; cell += 1) {
      image.data.set([red, green, blue, Math.round(0.92 * picture.bytes[start + cell])], 4 * cell);
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  function view(picture, version, parts = []) {
    const text = version ? `${picture.name} with the word ${picture.word}` : picture.name;
    return make("span", { class: `view${parts.some((part) => part.tagName === "CANVAS") ? " mapped" : ""}` },
      make("img", { src: picture[VERSIONS[version]], alt: text }), ...parts);
  }

  function frame(picture) {
    const [left, top, right, bottom] = picture.box.map((edge) => (100 * edge) / side);
    return make("span", { class: "frame", style: `left:${left}%;top:${top}%;width:${right - left}%;height:${bottom - top}%` });
  }

  function kindOf(picture, name) {
    if (name === picture.name) return ["is-true", "✓ ", "true name"];
    return name === picture.word ? ["is-word", "✎ ", "written word"] : ["", "", ""];
  }

  function bars(picture, answers) {
    return make("ol", { class: "bars" }, ...answers.map(([name, probability]) => {
      const [kind, sign, words] = kindOf(picture, name);
      const share = `${(100 * probability).toFixed(1)} %`;
      return make("li", { class: kind, style: `--share:${100 * probability}%` },
        make("span", { class: "name", title: name }, sign + name, words ? make("span", { class: "unseen" }, ` (${words})`) : ""),
        make("span", { class: "share" }, share));
    }));
  }

  /** One sentence: who names the picture right, and who reads the word. */
  function verdict(picture, version) {
    const first = (method) => picture.answers[method][VERSIONS[version]][0][0];
    const list = (names) => names.map((name) => labels[name]).join(", ");
    const right = methods.filter((method) => first(method) === picture.name);
    const reads = methods.filter((method) => first(method) === picture.word && version);
    const others = methods.filter((method) => !right.includes(method) && !reads.includes(method));
    const by = (chosen) => (chosen.length === methods.length ? "all methods" : list(chosen));
    const parts = [];
    if (right.length) parts.push(`Named “${picture.name}” by ${by(right)}.`);
    if (reads.length) parts.push(`Named “${picture.word}”, the written word, by ${by(reads)}.`);
    if (others.length) parts.push(`Neither: ${by(others)}.`);
    return parts.join(" ");
  }

  function show() {
    const picture = pictures[current];
    const values = new FormData(form);
    const version = Number(values.get("version"));
    const target = values.get("target");
    const boxed = (at) => (values.has("box") && at ? [frame(picture)] : []);
    section.querySelector(".pair").replaceChildren(...[0, 1].map((at) => make("figure", {}, view(picture, at, boxed(at)),
      make("figcaption", {}, at ? `attacked: “${picture.word}”` : `clean: ${picture.name}`))));
    section.querySelector(".verdict").textContent = verdict(picture, version);
    section.querySelector(".answers").replaceChildren(...methods.map((method) => {
      const parts = target ? [heatOf(picture, method, version, Number(target))] : [];
      return make("article", { class: "card", "data-method": method },
        make("h3", {}, make("i", { class: "swatch", style: `background:${colours[method]}` }), labels[method]),
        view(picture, version, [...parts, ...boxed(version)]), bars(picture, picture.answers[method][VERSIONS[version]]));
    }));
  }

  function choose(number, focus) {
    current = number;
    for (const button of shelf.children) {
      const chosen = Number(button.dataset.picture) === number;
      button.ariaChecked = String(chosen);
      button.tabIndex = chosen ? 0 : -1;
      if (chosen && focus) button.focus();
    }
    show();
  }

  function fillShelf() {
    const dataset = section.querySelector("#explorer-data").value;
    const numbers = [...pictures.keys()].filter((number) => !dataset || pictures[number].dataset === dataset);
    shelf.replaceChildren(...numbers.map((number) => make("button",
      { type: "button", role: "radio", "data-picture": number, "aria-label": `${pictures[number].name} with the word ${pictures[number].word}` },
      make("img", { src: pictures[number].typographic, alt: "", width: 56, height: 56 }))));
    choose(numbers.includes(current) ? current : numbers[0]);
    shelf.scrollLeft = shelf.querySelector("[aria-checked=true]").offsetLeft - shelf.firstElementChild.offsetLeft;
  }

  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  shelf.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(Number(button.dataset.picture), true);
  });
  shelf.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    const buttons = [...shelf.children];
    const at = buttons.findIndex((button) => button.tabIndex === 0) + STEPS[event.key];
    choose(Number(buttons[(at + buttons.length) % buttons.length].dataset.picture), true);
    event.preventDefault();
  });
  form.addEventListener("change", (event) => (event.target.id === "explorer-data" ? fillShelf() : show()));
  form.addEventListener("submit", (event) => event.preventDefault());
  fillShelf();
}

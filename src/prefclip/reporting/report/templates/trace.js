"use strict";
// Where files come from: a tree that opens step by step, from the records that the page holds.
const artifactNumbers = new Map(report.artifacts.map(([name], number) => [name, number]));

/** The tree of one file of the run: itself, and below it what it was made of. */
function ancestry(name) {
  return make("ul", { class: "tree" }, branch(artifactNumbers.get(name), name));
}

function branch(number, name) {
  const [path, id, stage, anchor, inputs] = report.artifacts[number] ?? [name, "", "", "", []];
  const short = path.startsWith(report.run + "/") ? path.slice(report.run.length + 1) : path;
  const link = anchor && report.lineagePage
    ? make("a", { href: `${report.lineagePage}#${anchor}`, title: id ? `record ${id}` : "raw data, without a record" }, short)
    : short;
  const made = id ? ` ${stage}, record ${id.slice(0, 12)}…` : " raw";
  const line = [make("code", {}, link), make("span", { class: "made" }, made)];
  if (!inputs.length) return make("li", { class: "leaf" }, ...line);
  const list = make("ul");
  const details = make("details", {}, make("summary", {}, ...line), list);
  details.addEventListener("toggle", () => {
    if (details.open && !list.childElementCount) list.append(...inputs.map((input) => branch(input)));
  });
  return make("li", {}, details);
}

for (const button of document.querySelectorAll("[data-ancestors]")) {
  button.addEventListener("click", () => {
    const place = button.closest("figure").querySelector(".ancestors");
    if (!place.childElementCount) place.append(ancestry(button.dataset.ancestors));
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
  });
}

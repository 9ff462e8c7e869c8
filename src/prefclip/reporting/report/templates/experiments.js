"use strict";
// The catalogue of experiments: thumbnails of the page's own figures, and the command that makes what is ticked.
const DEFAULT_CONFIG = "config/embedded.yaml";

for (const place of document.querySelectorAll("[data-thumb]")) {
  const image = document.querySelector(`#figure-${place.dataset.thumb || "none"} img`);
  if (image) place.append(make("img", { src: image.src, alt: "" }));
}

/** One line for each configuration: snakemake takes several targets, but one run. */
function composedCommands(ticked) {
  const runs = new Map();
  for (const { target, config, gpu } of ticked.map((box) => box.dataset)) {
    const how = gpu ? "--profile slurm" : "--cores 2";
    const key = `${how}|${config}`;
    runs.set(key, [...(runs.get(key) ?? []), target]);
  }
  return [...runs].map(([key, targets]) => {
    const [how, config] = key.split("|");
    return `snakemake ${how} ${targets.join(" ")}${config === DEFAULT_CONFIG ? "" : ` --configfile ${config}`}`;
  });
}

const catalogue = document.getElementById("experiments");
function showComposed() {
  const ticked = [...catalogue.querySelectorAll("input:checked")];
  const minutes = ticked.reduce((sum, box) => sum + Number(box.dataset.minutes), 0);
  const commands = composedCommands(ticked);
  document.getElementById("composed").replaceChildren(
    ...(commands.length ? [commandBox(commands.join(" && ")), ` at most ${minutes} minutes`] : ["Nothing is ticked."]));
}
if (catalogue) {
  catalogue.addEventListener("change", showComposed);
  showComposed();
}

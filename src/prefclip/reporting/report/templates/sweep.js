"use strict";
// The t slider: curves with a marker that moves, the numbers at t, and what captions retrieve there.
if (report.sweeps) {
  const section = document.getElementById("sweep");
  const [mapChoice, scopeChoice, queryChoice, slider] = ["map", "scope", "query", "t"].map((name) => document.getElementById(`sweep-${name}`));
  const [chart, readout, ranks] = [".curves", ".readout", ".ranks"].map((name) => section.querySelector(name));
  const SVG = "http://www.w3.org/2000/svg";
  const EDGE = { left: 40, right: 12, top: 22, bottom: 34 };
  let map = null;
  let scale = null;

  function draw(name, attributes, ...children) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  const named = (t) => `t = ${String(Number(t.toFixed(2))).replace("-", "−")}`;
  const percents = (value) => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);

  /** Axes, bands and lines of the chosen map; `scale` places t and shares. */
  function drawCurves() {
    const width = Math.max(280, chart.clientWidth);
    const height = Math.min(340, Math.max(230, width * 0.46));
    const [first, last] = [map.scales[0], map.scales.at(-1)];
    scale = {
      x: (t) => EDGE.left + ((t - first) / (last - first)) * (width - EDGE.left - EDGE.right),
      y: (share) => height - EDGE.bottom - share * (height - EDGE.top - EDGE.bottom), height,
    };
    const { x, y } = scale;
    const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      draw("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(share), y2: y(share) }),
      draw("text", { x: EDGE.left - 6, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}`)]);
    for (let t = Math.ceil(first); t <= last; t += 1) {
      parts.push(draw("text", { x: x(t), y: height - 14, "text-anchor": "middle" }, String(t).replace("-", "−")));
    }
    for (const [t, words] of [[0, map.exact ? "CLIP" : "t = 0"], [1, "trained"], ...(map.neutral === null ? [] : [[map.neutral, "neutral"]])]) {
      parts.push(draw("line", { class: "grid zero", x1: x(t), x2: x(t), y1: EDGE.top, y2: height - EDGE.bottom }),
        draw("text", { x: x(t), y: EDGE.top - 8, "text-anchor": "middle" }, words));
    }
    for (const curve of curves()) {
      const points = map.scales.map((t, at) => [x(t), at]).filter(([, at]) => curve.value[at] !== null && curve.value[at] !== undefined);
      const banded = points.filter(([, at]) => curve.low[at] !== null);
      const edge = (key, list) => list.map(([left, at]) => `${left.toFixed(1)},${y(curve[key][at]).toFixed(1)}`);
      parts.push(draw("polygon", { class: `band c-${curve.colour}`, points: [...edge("high", banded), ...edge("low", banded).reverse()].join(" ") }),
        draw("polyline", { class: `line c-${curve.colour}`, style: "fill:none", points: edge("value", points).join(" ") }));
    }
    parts.push(draw("g", { class: "now" }));
    const label = `${map.title}: ${curves().map((curve) => curve.label).join(", ")}, in per cent over t`;
    chart.replaceChildren(draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...parts));
  }

  const curves = () => map.scopes[Number(scopeChoice.value)].curves;

  function swatch(colour) {
    return draw("svg", { width: 26, height: 8, "aria-hidden": "true" }, draw("line", { class: `line c-${colour}`, x1: 0, x2: 26, y1: 4, y2: 4, "stroke-width": 2.4 }));
  }

  function showAt() {
    const at = Number(slider.value);
    const t = map.scales[at];
    const { x, y, height } = scale;
    document.getElementById("sweep-value").textContent = named(t);
    slider.setAttribute("aria-valuetext", `${named(t)}: ${curves().map((curve) => `${curve.label} ${percents(curve.value[at])}`).join(", ")}`);
    chart.querySelector(".now").replaceChildren(
      draw("line", { class: "marker", x1: x(t), x2: x(t), y1: EDGE.top, y2: height - EDGE.bottom }),
      ...curves().filter((curve) => curve.value[at] !== null).map((curve) => draw("circle", { class: `c-${curve.colour}`, cx: x(t), cy: y(curve.value[at]), r: 5 })));
    readout.replaceChildren(...curves().flatMap((curve) => [
      make("dt", {}, swatch(curve.colour), curve.label),
      make("dd", {}, percents(curve.value[at]), curve.low[at] === null ? "" : make("small", {}, ` ${(100 * curve.low[at]).toFixed(1)} to ${(100 * curve.high[at]).toFixed(1)}`))]));
    showRetrieved(t);
  }

  /** The grid of the chosen caption at the t nearest to the slider's. */
  function showRetrieved(t) {
    const found = map.retrieval;
    section.querySelector(".retrieved").hidden = !found;
    if (!found) return;
    const nearest = found.scales.reduce((best, each, at) => (Math.abs(each - t) < Math.abs(found.scales[best] - t) ? at : best), 0);
    ranks.replaceChildren(...found.queries[Number(queryChoice.value)].ranks[nearest].map(([picture, name, gender]) =>
      make("li", { class: gender }, make("img", { src: report.sweeps.pictures[picture], alt: `${name}, labelled ${gender}` }), `${name}, ${gender}`)));
  }

  function options(list) {
    return list.map((text, at) => make("option", { value: at }, text));
  }

  function chooseMap() {
    map = report.sweeps.maps[Number(mapChoice.value)];
    scopeChoice.replaceChildren(...options(map.scopes.map((scope) => scope.title)));
    queryChoice.replaceChildren(...options((map.retrieval?.queries ?? []).map((query) => query.caption)));
    section.querySelector(".limits").textContent = map.limits ?? "";
    section.querySelector(".inexact").hidden = map.exact;
    slider.max = map.scales.length - 1;
    slider.value = map.scales.indexOf(1);
    const stops = [[-1, "t = −1"], [0, map.exact ? "0, CLIP" : "0"], [1, "1, trained"]].filter(([t]) => map.scales.includes(t));
    if (map.neutral !== null) stops.push([map.neutral, `neutral, ${named(map.neutral)}`]);
    section.querySelector(".stops").replaceChildren(...stops.map(([t, words]) => {
      const button = make("button", { type: "button" }, words);
      button.addEventListener("click", () => {
        slider.value = map.scales.reduce((best, each, at) => (Math.abs(each - t) < Math.abs(map.scales[best] - t) ? at : best), 0);
        showAt();
      });
      return button;
    }));
    drawCurves();
    showAt();
  }

  mapChoice.addEventListener("change", chooseMap);
  scopeChoice.addEventListener("change", () => { drawCurves(); showAt(); });
  queryChoice.addEventListener("change", showAt);
  slider.addEventListener("input", showAt);
  section.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  new ResizeObserver(() => { drawCurves(); showAt(); }).observe(chart);
  chooseMap();
}

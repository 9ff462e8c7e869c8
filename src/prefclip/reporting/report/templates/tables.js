"use strict";
// Tables: sorting by any column, which columns and rows are shown, and the origin of each number.

/** The value that a group of rows sorts by: numbers first, else words. */
function sortValue(body, column) {
  const cell = body.rows[0].cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

function compareValues(first, second) {
  if (typeof first === "number" && typeof second === "number") return first - second;
  if (typeof first !== typeof second) return typeof first === "number" ? 1 : -1;
  return first.localeCompare(second, "en", { numeric: true });
}

/** Sort the groups of a table: highest first, then lowest first, then as printed. */
function sortTable(table, heading) {
  const column = heading.cellIndex;
  const words = typeof sortValue(table.tBodies[0], column) === "string";
  const order = words ? ["none", "ascending", "descending"] : ["none", "descending", "ascending"];
  const next = order[(order.indexOf(heading.ariaSort) + 1) % 3];
  for (const each of table.tHead.rows[0].cells) each.ariaSort = "none";
  heading.ariaSort = next;
  table.printed ??= [...table.tBodies];
  const sign = next === "descending" ? -1 : 1;
  const bodies = [...table.printed];
  if (next !== "none") bodies.sort((a, b) => sign * compareValues(sortValue(a, column), sortValue(b, column)));
  table.append(...bodies);
  say(next === "none" ? "Order as printed" : `Sorted by ${heading.textContent.trim().replace(/\s+/g, " ")}, ${next}`);
}

function showChoices(box, form) {
  const images = new FormData(form).get(`images-${box.dataset.table}`) ?? "both";
  for (const cell of box.querySelectorAll("[data-images]")) cell.hidden = images !== "both" && cell.dataset.images !== images;
  for (const tick of form.querySelectorAll("[data-shows]")) {
    for (const row of box.querySelectorAll(`.${tick.dataset.shows}`)) row.hidden = !tick.checked;
  }
  const told = box.querySelector(".told");
  if (told) told.hidden = !told.previousElementSibling.checkVisibility();
  keepOneStop(box);
}

/** Tab stops at one number of each table; the arrow keys lead to the others. */
function keepOneStop(box, wanted) {
  const numbers = [...box.querySelectorAll("td[data-line]")];
  const visible = numbers.filter((cell) => cell.checkVisibility());
  const stop = wanted ?? visible.find((cell) => cell.tabIndex === 0) ?? visible[0];
  for (const cell of numbers) cell.tabIndex = cell === stop ? 0 : -1;
}

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function moveFrom(box, cell, [down, right]) {
  const rows = [...box.querySelectorAll("tbody tr:not(.told)")].filter((row) => row.checkVisibility());
  let row = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  for (let step = 0; step < 500; step += 1) {
    row += down;
    column += right;
    const next = rows[row]?.cells[column];
    if (!next) return;
    if (next.dataset.line !== undefined && !next.hidden) {
      keepOneStop(box, next);
      next.focus();
      return;
    }
  }
}

/** Tell of one number below its row: interval, images, seeds, what was computed, the command that traces it, and its files. */
function showOrigin(box, cell) {
  const { file, files, lines } = report.tables[box.dataset.table];
  const line = lines[Number(cell.dataset.line)];
  const column = box.querySelector("thead tr").cells[cell.cellIndex].textContent.trim().replace(/\s+/g, " ");
  const row = cell.parentElement.cells[0].textContent.trim();
  const owner = cell.closest("tbody").rows[0].cells[0].textContent.trim();
  const place = box.querySelector(".traced");
  for (const other of box.querySelectorAll("[aria-selected]")) other.removeAttribute("aria-selected");
  cell.setAttribute("aria-selected", "true");
  const size = line.n ? `; ${line.n} images, ${line.seeds} ${line.seeds === 1 ? "seed" : "seeds"}` : "";
  const told = box.querySelector(".told") ?? make("tr", { class: "told" }, make("td"));
  told.cells[0].colSpan = cell.parentElement.cells.length;
  told.cells[0].append(place);
  told.hidden = false;
  cell.parentElement.after(told);
  place.style.width = `${box.querySelector(".scroll").clientWidth}px`;
  place.replaceChildren(
    make("h4", {}, `${owner === row ? row : `${owner}, ${row}`} · ${column}: ${cell.textContent.trim()}`),
    make("p", {}, `Measured ${line.measured}${size}; ${line.operation}.`));
  place.append(make("p", {}, commandBox(named(`prefclip audit trace ${file} --cell "${line.cell}"`))));
  const names = line.files.map((number) => files[number]);
  place.append(make("details", {}, make("summary", {}, `${names.length} ${names.length === 1 ? "file" : "files"} behind it`),
    ...names.map(ancestry)));
}

for (const box of document.querySelectorAll(".tabled")) {
  const table = box.querySelector("table");
  table.tHead.addEventListener("click", (event) => {
    if (event.target.closest("button")) sortTable(table, event.target.closest("th"));
  });
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td[data-line]");
    if (!cell) return;
    keepOneStop(box, cell);
    cell.focus();
    showOrigin(box, cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[data-line]");
    if (!cell) return;
    if (event.key in ARROWS) moveFrom(box, cell, ARROWS[event.key]);
    else if (event.key === "Enter" || event.key === " ") showOrigin(box, cell);
    else return;
    event.preventDefault();
  });
  const form = box.querySelector("form.choices");
  form?.addEventListener("change", () => showChoices(box, form));
  form?.addEventListener("submit", (event) => event.preventDefault());
  if (form) showChoices(box, form);
  keepOneStop(box);
}

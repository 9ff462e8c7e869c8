"""The lineage of a run as a drawing (SVG): one box for each stage, raw data on the left, results on the right."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from html import escape

from prefclip.lineage.activities import Activities, Activity
from prefclip.lineage.findings import printable, worst_state
from prefclip.lineage.record import run_folder

BOX_WIDTH, LINE_HEIGHT, PADDING = 132, 17, 9
COLUMN_GAP, ROW_GAP, MARGIN, LANE = 36, 22, 12, 7
WIDEST_LINE = 19
RAW = "raw data"
Edges = Counter[tuple[str, str]]
Boxes = dict[str, "Box"]


@dataclass
class Box:
    """One stage: its title, a few lines about it, and where it stands."""

    title: str
    lines: list[str]
    state: str
    depth: int = 0
    x: float = 0
    y: float = 0

    @property
    def height(self) -> float:
        return 2 * PADDING + LINE_HEIGHT * (1 + len(self.lines))


def stage_graph(collected: Activities, states: dict[str, str]) -> tuple[Boxes, Edges]:
    """Fold the activities into one box for each stage, and count the files that go from one to another."""
    boxes: Boxes = {}
    if collected.raw:
        worst = worst_state(states.get(name, "ok") for name in collected.raw)
        folders = sorted({name.rpartition("/")[0] or name for name in collected.raw})
        boxes[RAW] = Box(RAW, [count_of(len(collected.raw), "file"), *map(_short, folders[:3])], worst)
    for stage in collected.stages():
        runs = [activity for activity in collected.all if activity.run.stage == stage]
        files = [name for activity in runs for name in activity.outputs]
        lines = [f"{count_of(len(runs), 'run')}, {count_of(len(files), 'file')}", *_wildcards(runs)]
        boxes[stage] = Box(stage, lines, worst_state(states.get(name, "ok") for name in files))
    maker = {name: activity.run.stage for activity in collected.all for name in activity.outputs}
    used = {
        (maker.get(entry.path, RAW), activity.run.stage, entry.path)
        for activity in collected.all
        for entry in activity.run.inputs
    }
    edges = Counter((origin, stage) for origin, stage, _ in used if origin != stage and origin in boxes)
    _place(boxes, edges)
    return boxes, edges


def draw(boxes: Boxes, edges: Edges) -> str:
    """Return the drawing as an SVG element; boxes link to the :func:`anchor` of their stage."""
    floor = max(box.y + box.height for box in boxes.values()) + MARGIN
    lanes = _lanes(boxes, edges)
    width = max(box.x for box in boxes.values()) + BOX_WIDTH + MARGIN
    height = floor + LANE * len(lanes) + MARGIN / 2
    parts = [
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" '
        'xmlns="http://www.w3.org/2000/svg"><title>Stages of the run and the files between them</title>'
    ]
    for (origin, stage), count in sorted(edges.items()):
        parts.append(_edge(boxes[origin], boxes[stage], count, lanes.get(origin, 0), floor))
    parts += [_box(name, box) for name, box in boxes.items()]
    return "\n".join([*parts, "</svg>"])


def _lanes(boxes: Boxes, edges: Edges) -> dict[str, int]:
    """Lines that pass other columns run below all boxes, those of one origin in one lane."""
    origins = {origin for origin, stage in edges if boxes[stage].depth > boxes[origin].depth + 1}
    ordered = sorted(origins, key=lambda name: -boxes[name].depth)
    return {name: place for place, name in enumerate(ordered)}


def _place(boxes: Boxes, edges: Edges) -> None:
    """Columns by the longest way from the raw data; in a column, next to what a box is made of."""
    for _ in boxes:  # forged records may run in a circle, so the number of rounds is bounded
        moved = False
        for origin, stage in edges:
            least = min(boxes[origin].depth + 1, len(boxes))
            if boxes[stage].depth < least:
                boxes[stage].depth, moved = least, True
        if not moved:
            break
    columns: dict[int, list[str]] = {}
    for name, box in boxes.items():
        columns.setdefault(box.depth, []).append(name)
    heights = {depth: sum(boxes[name].height + ROW_GAP for name in names) - ROW_GAP for depth, names in columns.items()}
    middle = MARGIN + max(heights.values()) / 2
    for place, (depth, names) in enumerate(sorted(columns.items())):
        y = middle - heights[depth] / 2
        for name in sorted(names, key=lambda name: _height_of_origins(boxes, edges, name)):
            boxes[name].x = MARGIN + place * (BOX_WIDTH + COLUMN_GAP)
            boxes[name].y = y
            y += boxes[name].height + ROW_GAP


def _height_of_origins(boxes: Boxes, edges: Edges, name: str) -> float:
    heights = [boxes[origin].y for origin, stage in edges if stage == name]
    return sum(heights) / len(heights) if heights else 0


def _edge(origin: Box, stage: Box, count: int, lane: int, floor: float) -> str:
    x1, y1 = origin.x + BOX_WIDTH, origin.y + origin.height / 2
    x2, y2 = stage.x, stage.y + stage.height / 2
    if stage.depth > origin.depth + 1:
        shift = 6 + lane * (COLUMN_GAP - 12) / 8
        path = f"M{x1:.0f} {y1:.0f}H{x1 + shift:.1f}V{floor + LANE * lane:.0f}H{x2 - shift:.1f}V{y2:.0f}H{x2:.0f}"
    else:
        middle = (x1 + x2) / 2
        path = f"M{x1:.0f} {y1:.0f}C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    title = f"{origin.title} → {stage.title}: {count_of(count, 'file')}"
    return f'<path class="edge" d="{path}"><title>{safe(title)}</title></path>'


def _box(name: str, box: Box) -> str:
    lines = [
        f'<text class="{"line" if place else "title"}" x="{box.x + PADDING:.0f}"'
        f' y="{box.y + PADDING + LINE_HEIGHT * (place + 1) - 4:.0f}">{safe(line)}</text>'
        for place, line in enumerate([_short(box.title), *box.lines])
    ]
    dot = f'<circle class="{box.state}" cx="{box.x + BOX_WIDTH - 14:.0f}" cy="{box.y + 18:.0f}" r="5"/>'
    frame = (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{BOX_WIDTH}" height="{box.height:.0f}" rx="7"'
        f' class="{"raw" if name == RAW else "stage"}"/>'
    )
    return f'<a href="#{anchor(name)}">{frame}{dot}{"".join(lines)}</a>'


def anchor(name: str) -> str:
    """Return the id of a stage, or of a file by its place in its run, on the page."""
    name = name.removeprefix(run_folder(name))
    return "at-" + hashlib.sha256(name.encode(errors="replace")).hexdigest()[:16]


def _wildcards(runs: list[Activity]) -> list[str]:
    values: dict[str, dict[str, None]] = {}
    for activity in runs:
        seed = {} if activity.run.seed is None else {"seed": str(activity.run.seed)}
        for key, value in {**activity.run.wildcards, **seed}.items():
            values.setdefault(key, {})[value] = None
    lines = []
    for key, found in sorted(values.items()):
        spelt = f"{key}: {', '.join(found)}"
        lines.append(_short(spelt if len(spelt) <= WIDEST_LINE else f"{key}: {len(found)} values"))
    return lines


def count_of(number: int, what: str) -> str:
    """Return ``1 file`` or ``2 files``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _short(text: str) -> str:
    return text if len(text) <= WIDEST_LINE else text[: WIDEST_LINE - 1] + "…"


def safe(text: str) -> str:
    """Return what a record says as text of a page."""
    return escape(printable(text))

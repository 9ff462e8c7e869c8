"""A trace as a tree for the screen, as JSON, or as a graph for Graphviz and Mermaid."""

from collections.abc import Callable

from prefclip.lineage.findings import printable
from prefclip.lineage.table_cells import source_names
from prefclip.lineage.trace import TRACE_VERSION, Trace
from prefclip.table import Term


def as_tree(trace: Trace) -> str:
    """Return a tree with the target on top; a file that several others share is spelt out once."""
    lines, seen = [_cell_line(trace)] if trace.cell else [], set()
    todo: list[tuple[str, str, str]] = [(trace.target, "", "")]
    while todo:
        name, branch, below = todo.pop()
        node = trace.nodes[name]
        again = name in seen and node.inputs
        lines.append(branch + node.label() + ("  (see above)" if again else ""))
        if name in seen:
            continue
        seen.add(name)
        for place, above in enumerate(reversed(node.inputs)):
            last = place == 0
            todo.append((above, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))
    lines += [f"lost at {node.name}: {node.facts.get('problem')}" for node in trace.gaps()]
    lines += [f"runs in a circle at {name}" for name in trace.loops]
    lines += [trace.altered] * bool(trace.altered)
    lines += [_published_line(trace)] * bool(trace.published)
    return "\n".join(printable(line) for line in lines)


def as_json(trace: Trace) -> dict:
    """Return nodes and edges, inputs first."""
    nodes = [
        {
            "path": printable(node.name),
            "kind": node.kind,
            "stage": node.stage or None,
            "sha256": node.sha256 or None,
            "size": None if node.size < 0 else node.size,
            **node.ids,
            "facts": {key: printable(str(value)) for key, value in node.facts.items() if value not in (None, "")},
        }
        for node in trace.nodes.values()
    ]
    edges = [[printable(above), printable(node.name)] for node in trace.nodes.values() for above in node.inputs]
    result = {
        "schema_version": TRACE_VERSION,
        "target": printable(trace.target),
        "complete": trace.complete(),
        "published": trace.published or None,
        "altered": printable(trace.altered) or None,
        "unchecked": [printable(name) for name in trace.unchecked],
        "nodes": nodes,
        "edges": edges,
    }
    if trace.cell is not None:
        cell, table = trace.cell, trace.table
        named = {"row": cell.row, "column": cell.column, "value": cell.value, "formula": cell.formula}
        result["cell"] = {**named, "terms": [_term(trace, table.terms[place]) for place in cell.terms]}
    return result


def as_dot(trace: Trace) -> str:
    """Return the graph in the language of Graphviz."""
    shapes = {"artifact": "box", "raw": "folder", "gap": "octagon"}
    nodes, edges = _graph(trace, "\\n", '\\"')
    lines = [f'  {key} [shape={shapes[kind]}, label="{label}"];' for key, kind, label in nodes]
    lines += [f"  {above} -> {below};" for above, below in edges]
    return "\n".join(["digraph lineage {", "  rankdir=LR;", *lines, "}"])


def as_mermaid(trace: Trace) -> str:
    """Return the graph as a Mermaid flow chart, which GitHub draws in Markdown."""
    frames = {"artifact": ("[", "]"), "raw": ("[(", ")]"), "gap": ("{{", "}}")}
    nodes, edges = _graph(trace, "<br>", "#quot;")
    lines = [f'  {key}{frames[kind][0]}"{label}"{frames[kind][1]}' for key, kind, label in nodes]
    return "\n".join(["flowchart LR", *lines, *(f"  {above} --> {below}" for above, below in edges)])


FORMATS: dict[str, Callable[[Trace], object]] = {
    "tree": as_tree,
    "json": as_json,
    "dot": as_dot,
    "mermaid": as_mermaid,
}


def _graph(trace: Trace, newline: str, quote: str) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Nodes as key, kind and label, and edges as pairs of keys."""
    keys = {name: f"n{place}" for place, name in enumerate(trace.nodes)}
    nodes = []
    for name, node in trace.nodes.items():
        parts = [node.name, node.stage or node.kind, node.sha256[:12]]
        # Backslashes and angle brackets in a hostile name would end the label or start markup.
        safe = [printable(part).replace("\\", "/").replace("<", "‹").replace(">", "›") for part in parts if part]
        nodes.append((keys[name], node.kind, newline.join(safe).replace('"', quote)))
    return nodes, [(keys[above], keys[name]) for name, node in trace.nodes.items() for above in node.inputs]


def _term(trace: Trace, term: Term) -> dict:
    sources = [trace.table.sources[place] for place in term.sources]
    listed = []
    for source in sources:
        file, *beside = source_names(trace.target, source)
        listed.append(source.model_dump(exclude={"beside"}) | {"file": file} | ({"beside": beside} if beside else {}))
    return {"measure": term.measure, "words": term.words, "sources": listed}


def _published_line(trace: Trace) -> str:
    run = "/".join(trace.target.split("/")[:2])
    here, elsewhere = len(trace.nodes) - len(trace.unchecked), len(trace.unchecked)
    return (
        f"from the sealed records of {trace.published}; of {here + elsewhere} files {here} are here and were hashed "
        f"again, the other {elsewhere} can only be checked by running the experiment: then "
        f"`prefclip compare {run} {trace.published}`"
    )


def _cell_line(trace: Trace) -> str:
    cell, table = trace.cell, trace.table
    count = len(table.sources_of(cell))
    return f"cell {cell.row},{cell.column} = {cell.value}: {table.operation(cell)} ({count} selections of rows)"

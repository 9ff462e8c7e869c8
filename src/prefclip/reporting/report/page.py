"""The pages: what they show is read from the run's files and put into one HTML file each, which loads nothing.

The report shows what `snakemake all` makes, whatever else lies there; the page of the ablations shows what
`snakemake ablations` adds. A page names its run RUN, so that the same run has the same page under any name; in a
browser it finds the name in its address.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from prefclip.config import Config, method_names
from prefclip.datasets.data_uris import file_uri, picture_size
from prefclip.errors import PrefclipError
from prefclip.evaluation.metrics import TYPOGRAPHIC
from prefclip.explain.explorer_file import read_explorer
from prefclip.files import write_text
from prefclip.reporting.drawing.style import method_style
from prefclip.reporting.estimates import REFERENCE
from prefclip.reporting.figures import figure_caption, leaf
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.report.contents import page_inputs
from prefclip.reporting.report.first_screen import read_first_screen
from prefclip.reporting.report.headline import read_headline
from prefclip.reporting.report.rehearsal import rehearsal_notes
from prefclip.reporting.report.settings import read_settings
from prefclip.reporting.report.shown_tables import ShownTable, read_tables
from prefclip.reporting.report.sweeps import read_sweeps
from prefclip.run.files import RunFiles

STYLES = ("look.css", "claims.css", "parts.css", "explorer.css", "sweep.css")
RUN = "results/RUN"
SCRIPTS = ("page.js", "experiments.js", "trace.js", "tables.js", "explorer.js", "sweep.js")


class ReportError(PrefclipError):
    """A page has nothing to show."""


def report_sources(config: Config, layout: RunFiles, ablations: bool = False) -> list[Path]:
    """Return what of the files that a page shows is there."""
    return [Path(path) for path in page_inputs(config, layout, ablations) if Path(path).is_file()]


def build_report(
    config: Config, layout: RunFiles, facts: Mapping[str, Any], output: str | Path, ablations: bool = False
) -> None:
    """Write the report of a run, or the page of its ablations, to ``output``.

    ``facts``: what is known of the lineage, as `lineage.run_facts` gives it; empty mappings where nothing is.
    Raises ReportError, or another PrefclipError, naming a file that is missing or damaged.
    """
    sources = report_sources(config, layout, ablations)
    tables = read_tables((path for path in sources if path.parent.name == "tables"), layout.root)
    if ablations and not tables:
        raise ReportError(
            f"{layout.root}/tables: no table of the sweeps; `snakemake --cores all ablations` makes them."
        )
    explorer = read_explorer(layout.explorer) if Path(layout.explorer) in sources else None
    shown = explorer and explorer_data(config, explorer)
    sweeps = None if ablations else read_sweeps(config, layout)
    environment = Environment(
        loader=PackageLoader("prefclip.reporting.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source = environment.loader.get_source
    text = environment.get_template("page.html").render(
        config=config,
        ablations=ablations,
        run=RUN,
        first=read_first_screen(layout, RUN, ablations),
        headline=None if ablations else read_headline(config, layout),
        rehearsal=[] if ablations else rehearsal_notes(config, layout),
        tables=tables,
        figures=_figures(config, (path for path in sources if path.suffix == ".png"), layout, facts),
        sections=read_settings(config),
        facts=facts,
        explorer=explorer,
        sweeps=sweeps,
        style="\n".join(source(environment, name)[0] for name in STYLES),
        script="\n".join(source(environment, name)[0] for name in SCRIPTS),
        data=embedded_json(page_data(layout, tables, facts) | {"explorer": shown, "sweeps": sweeps}),
        method_label=method_label,
        dataset_label=dataset_label,
    )
    write_text(output, text)


def page_data(layout: RunFiles, tables: list[ShownTable], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the scripts of the page work on; artifacts are numbered, so that long names stand there once."""
    artifacts = facts.get("artifacts", {})
    numbers = {name: number for number, name in enumerate(artifacts)}
    shown = []
    for name, entry in artifacts.items():
        inputs = [numbers[each] for each in entry["inputs"]]
        shown.append([_named(name, layout), entry.get("id", ""), entry.get("stage", ""), entry["anchor"], inputs])
    return {
        "run": RUN,
        "lineagePage": facts.get("page", ""),
        "artifacts": shown,
        "tables": {
            table.name: {
                "file": f"{RUN}/tables/{table.name}.csv",
                "files": [_named(name, layout) for name in table.files],
                "lines": table.lines,
            }
            for table in tables
        },
    }


def explorer_data(config: Config, explorer: dict[str, Any]) -> dict[str, Any]:
    """The explorer's pictures, with labels and colours of the methods, and which one is shown first."""
    methods = explorer["methods"]
    colours = {method: method_style(method, method_names(config)).colour for method in methods}
    labels = {method: method_label(method) for method in methods}
    return {**explorer, "labels": labels, "colours": colours, "first": _telling(explorer["pictures"])}


def _telling(pictures: list[dict[str, Any]]) -> int:
    """The first picture that the untouched CLIP misnames under attack and some method names rightly; else the first."""
    for number, picture in enumerate(pictures):
        right = {method: each[TYPOGRAPHIC][0][0] == picture["name"] for method, each in picture["answers"].items()}
        if not right.pop(REFERENCE, True) and any(right.values()):
            return number
    return 0


def embedded_json(value: Any) -> str:
    """JSON that may stand inside a script element, whatever its texts hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _named(name: str, layout: RunFiles) -> str:
    """The name of a file on the page."""
    return RUN + name.removeprefix(layout.root) if name.startswith(f"{layout.root}/") else name


def _figures(config: Config, paths: Iterable[Path], layout: RunFiles, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for path in sorted(paths, key=lambda path: (leaf(path.stem).ORDER, path)):
        name = path.stem
        width, height = picture_size(path)
        found.append(
            {
                "name": name,
                "title": name.replace("_", " ").capitalize(),
                "caption": figure_caption(name, config),
                "source": file_uri(path),
                "width": width,
                "height": height,
                "record": facts.get("artifacts", {}).get(str(path), {}).get("id", ""),
                "file": _named(str(path), layout),
            }
        )
    return found

"""The pages: what they show is read from the run's files and put into one HTML file each, which loads nothing.

The report shows what `snakemake all` makes, whatever else lies there; the page of the ablations shows what
`snakemake ablations` adds.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from prefclip.config import Config, method_names
from prefclip.datasets.data_uris import file_uri, picture_size
from prefclip.evaluation.explorer_file import read_explorer
from prefclip.files import write_text
from prefclip.reporting.drawing.style import method_style
from prefclip.reporting.figures import figure_names, leaf
from prefclip.reporting.labels import dataset_label, method_label
from prefclip.reporting.report.headline import read_headline
from prefclip.reporting.report.settings import read_settings
from prefclip.reporting.report.shown_tables import ReportError, ShownTable, read_tables
from prefclip.reporting.report.sweeps import read_sweeps, sweep_files
from prefclip.run.files import RunFiles
from prefclip.run.plan import SWEEP_TABLES

STYLES = ("look.css", "parts.css", "explorer.css", "sweep.css")
SCRIPTS = ("page.js", "trace.js", "tables.js", "explorer.js", "sweep.js")


def report_sources(config: Config, layout: RunFiles, ablations: bool = False) -> list[Path]:
    """The files of the run that a page is made of, sorted: tables, figures, explored pictures, swept concepts.

    With ``ablations``, the tables and figures of the sweeps alone.
    """
    root = Path(layout.root)
    found = {
        path
        for pattern in ("*.csv", "*.md", "*.cells.json")
        for path in (root / "tables").glob(pattern)
        if (path.name.partition(".")[0] in SWEEP_TABLES) == ablations
    }
    figures = [name for name in figure_names(config) if (leaf(name).GROUP == "ablations") == ablations]
    found |= {path for name in figures if (path := Path(layout.figure(name, "png"))).is_file()}
    if not ablations:
        found |= {*root.glob("report/explorer.json"), *sweep_files(config, layout)}
    return sorted(found)


def build_report(
    config: Config, layout: RunFiles, facts: Mapping[str, Any], output: str | Path, ablations: bool = False
) -> None:
    """Write the report of a run, or the page of its ablations, to ``output``.

    ``facts``: what is known of the lineage, as `lineage.run_facts` gives it; empty mappings where nothing is.
    Raises ReportError, or another PrefclipError, naming a file that is missing or damaged.
    """
    sources = report_sources(config, layout, ablations)
    tables = read_tables(path for path in sources if path.suffix == ".csv")
    if ablations and not tables:
        raise ReportError(f"{layout.root}/tables: holds no table of the sweeps; `snakemake ablations` makes them.")
    explorer = read_explorer(layout.explorer) if Path(layout.explorer) in sources else None
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
        run=layout.root,
        headline=None if ablations else read_headline(config, Path(layout.root) / "tables"),
        tables=tables,
        figures=_figures((path for path in sources if path.suffix == ".png"), facts),
        sections=read_settings(config),
        facts=facts,
        explorer=explorer,
        sweeps=sweeps,
        style="\n".join(source(environment, name)[0] for name in STYLES),
        script="\n".join(source(environment, name)[0] for name in SCRIPTS),
        data=embedded_json(
            {
                **page_data(layout, tables, facts),
                "explorer": explorer and explorer_data(config, explorer),
                "sweeps": sweeps,
            }
        ),
        method_label=method_label,
        dataset_label=dataset_label,
    )
    write_text(output, text)


def page_data(layout: RunFiles, tables: list[ShownTable], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the scripts of the page work on; artifacts are numbered, so that long names stand there once."""
    artifacts = facts.get("artifacts", {})
    numbers = {name: number for number, name in enumerate(artifacts)}
    return {
        "run": layout.root,
        "lineagePage": facts.get("page", ""),
        "artifacts": [
            [name, entry.get("id", ""), entry.get("stage", ""), entry["anchor"], [numbers[n] for n in entry["inputs"]]]
            for name, entry in artifacts.items()
        ],
        "tables": {
            table.name: {"file": f"{layout.root}/tables/{table.name}.csv", "files": table.files, "lines": table.lines}
            for table in tables
        },
    }


def explorer_data(config: Config, explorer: dict[str, Any]) -> dict[str, Any]:
    """The explorer's pictures, with labels and colours of the methods."""
    methods = explorer["methods"]
    names = method_names(config)
    return {
        **explorer,
        "labels": {method: method_label(method) for method in methods},
        "colours": {method: method_style(method, names).colour for method in methods},
    }


def embedded_json(value: Any) -> str:
    """JSON that may stand inside a script element, whatever its texts hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _figures(paths: Iterable[Path], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for path in sorted(paths, key=lambda path: (leaf(path.stem).ORDER, path)):
        name = path.stem
        width, height = picture_size(path)
        found.append(
            {
                "name": name,
                "title": name.replace("_", " ").capitalize(),
                "caption": leaf(name).CAPTION,
                "source": file_uri(path),
                "width": width,
                "height": height,
                "record": facts.get("artifacts", {}).get(str(path), {}).get("id", ""),
                "file": str(path),
            }
        )
    return found

"""`prefclip datasets`: list, fetch, sort and check the data sets."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

DEFAULT_ROOT = Path("data")

datasets_app = typer.Typer(help="List, fetch, sort and check the data sets of the paper.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="name of a data set, as `prefclip datasets list` shows it")]
Root = Annotated[Path, typer.Option(help="folder of all downloaded data sets; data.root of the configuration")]
AsJson = Annotated[bool, typer.Option("--json", help="for programs")]


@datasets_app.command("list")
def list_datasets(root: Root = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """Show every data set: role, size, licence, and whether it is present, fetchable or to be placed by hand."""
    from prefclip.datasets.overview import overview, overview_lines

    rows = overview(root)
    _say(rows if as_json else overview_lines(rows), as_json)


@datasets_app.command("fetch")
def fetch(
    name: Name,
    root: Root = DEFAULT_ROOT,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar")] = False,
) -> None:
    """Download a data set and check it; say what to place where if it cannot be downloaded."""
    from prefclip.datasets.fetch import fetch_dataset
    from prefclip.datasets.registry import downloaded_card

    report = fetch_dataset(downloaded_card(name), root, progress=not quiet)
    _say(report.lines())
    if not report.sound:
        raise typer.Exit(1)


@datasets_app.command("check")
def check(
    name: Name,
    root: Root = DEFAULT_ROOT,
    opened: Annotated[
        Literal["none", "sample", "all"], typer.Option("--open", help="which images to decode, to find damaged ones")
    ] = "sample",
    as_json: AsJson = False,
) -> None:
    """Count images, classes and candidate names of a data set, and say what is wrong."""
    from dataclasses import asdict

    from prefclip.datasets.check import check_dataset
    from prefclip.datasets.registry import downloaded_card

    report = check_dataset(downloaded_card(name), root, opened)
    _say({**asdict(report), "sound": report.sound} if as_json else report.lines(), as_json)
    if not report.sound:
        raise typer.Exit(1)


@datasets_app.command("sort")
def sort(
    name: Annotated[Literal["vl_bias"], typer.Argument(help="the data set whose download is to be sorted")],
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="folder of the unpacked download; it stays as it is")],
    root: Root = DEFAULT_ROOT,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list", help="CSV of image, concept, gender, for what names do not say; by default beside FOLDER"
        ),
    ] = None,
) -> None:
    """Sort the pictures of a download by concept and gender, as the reader wants them, and check the set."""
    from prefclip.datasets.registry import downloaded_card
    from prefclip.datasets.sort_vl_bias import SortError, sort_vl_bias

    if not folder.strip():  # a path would take it for the current folder
        raise SortError("FOLDER is empty; name the folder of the unpacked download.")
    source = Path(folder).resolve()
    report = sort_vl_bias(downloaded_card(name), source, root, listed or source.with_name(f"{source.name}.csv"))
    _say(report.lines())
    if not report.sound:
        raise typer.Exit(1)


@datasets_app.command("stand-in")
def stand_in(
    names: Annotated[list[str] | None, typer.Argument(help="names of data sets; all unless given")] = None,
    root: Annotated[Path, typer.Option(help="folder of the stand-ins")] = Path("data/rehearsal"),
) -> None:
    """Lay out small folders of made-up pictures in the true layouts, to rehearse a run without data.

    A marker file in each tells it from data. What is there is left alone.
    """
    from prefclip.datasets.registry import DOWNLOADED_DATASETS, downloaded_card
    from prefclip.datasets.stand_ins import lay_out

    for card in [downloaded_card(name) for name in names or DOWNLOADED_DATASETS]:
        _say([f"{card.path_in(root)}: {'laid out' if lay_out(card, root) else 'there already'}"])


def _say(said: Any, as_json: bool = False) -> None:
    """Print a value for programs, or lines."""
    print(json.dumps(said, indent=2, ensure_ascii=False) if as_json else "\n".join(said))

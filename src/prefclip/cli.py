"""`prefclip`: a thin command line over the packages that do the work; the steps of a run are in `run/steps/`.

Imports sit inside the commands because torch and pandas take seconds that most commands need not pay.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from prefclip.datasets.commands import datasets_app
from prefclip.errors import PrefclipError
from prefclip.lineage.commands import audit_app
from prefclip.lineage.versions.commands import dvc_app, restore
from prefclip.preflight.commands import preflight_app
from prefclip.run.options import Threads
from prefclip.run.steps import step_module, step_names
from prefclip.training.benchmark_command import benchmark_app
from prefclip.training.launch import telling_torchrun

app = typer.Typer(
    name="prefclip",
    help="Preference optimisation of CLIP, from data sets to tables, figures and their lineage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Check and explain configurations.", no_args_is_help=True)
world_app = typer.Typer(help="Build the embedded world (maintainers).", no_args_is_help=True)
app.add_typer(benchmark_app, name="benchmark")
app.add_typer(config_app, name="config")
app.add_typer(datasets_app, name="datasets")
app.add_typer(audit_app, name="audit")
app.add_typer(preflight_app, name="preflight")
app.add_typer(dvc_app, name="dvc")
app.command()(restore)
app.add_typer(world_app, name="world")
for step in step_names():
    app.command()(getattr(step_module(step), step))


def main() -> None:
    """Run the command line; an error that a user can cause is one sentence on standard error and exit code 1."""
    # A terminated command unwinds, so that temporary files are removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        telling_torchrun(app)()
    except PrefclipError as error:
        print(f"prefclip: {error}", file=sys.stderr)
        sys.exit(1)


@app.command("init")
def init_run(
    config: Annotated[list[Path], typer.Option(help="YAML configuration; a second one changes keys of the first")] = (
        Path("config/embedded.yaml"),
    ),
) -> None:
    """Check a configuration and store it, resolved, in the folder of its run."""
    from prefclip.config import read_config
    from prefclip.datasets.registry import DATASETS
    from prefclip.run.files import store_config

    print(store_config(read_config(*config, datasets=DATASETS)).root)


@app.command()
def attack(
    image: Annotated[Path, typer.Argument(help="a picture")],
    word: Annotated[str, typer.Option(help="what to write on it")],
    output: Annotated[Path, typer.Option("--output", "-o", help="where to save the attacked picture")],
    seed: Annotated[int, typer.Option(min=0, help="another seed: another font, size, colour and place")] = 0,
) -> None:
    """Write a misleading word on one picture."""
    from prefclip.attacks.picture import attack_picture

    attack_picture(image, word, output, seed)


@app.command()
def explain(
    image: Annotated[Path, typer.Argument(help="a picture")],
    labels: Annotated[str, typer.Option(help="what it may show, at least two, separated by commas")],
    checkpoint: Annotated[list[Path] | None, typer.Option(help="weights tuned from the model; any number")] = None,
    model: Annotated[str | None, typer.Option(help="emoji-clip, which is the default, or an open_clip model")] = None,
    weights: Annotated[str | None, typer.Option(help="of the model: a safetensors file or a pretrained tag")] = None,
    run: Annotated[Path | None, typer.Option(help="instead of model and checkpoints: folder of a run")] = None,
    method: Annotated[list[str] | None, typer.Option(help="methods of the run, all unless given")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="seed of the run's methods, its first unless given")] = None,
    target: Annotated[str | None, typer.Option(help="label of the maps; the models' answers unless given")] = None,
    explainer: Annotated[str, typer.Option(help="how the maps are made; docs/saliency.md")] = "occlusion",
    template: Annotated[str, typer.Option(help="the caption that labels are put in")] = "a photo of a {}.",
    output: Annotated[Path, typer.Option("--output", "-o", help="folder of IMAGE.explained.png")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """Show what the untouched and the tuned model call a picture, and where they look."""
    from rich.console import Console

    from prefclip.explain.own_picture import explain_own_picture, select_models
    from prefclip.reporting.drawing.explained_picture import save_explained_picture
    from prefclip.reporting.probability_table import probability_table

    models = select_models(model, weights, checkpoint or (), run, method or (), seed)
    found = explain_own_picture(image, labels.split(","), models, template, target, explainer)
    path = f"{output / image.stem}.explained.png"
    save_explained_picture(
        path, found.pixels, found.labels, found.probabilities, found.targets, found.raised, explainer
    )
    if as_json:
        print(json.dumps({"image": str(image), "figure": path, **found.as_json()}, indent=2, ensure_ascii=False))
    else:
        console = Console()
        console.print(probability_table(found.labels, found.probabilities))
        console.print(f"where they look: {path}", soft_wrap=True, markup=False, highlight=False)


@app.command()
def compare(
    run: Annotated[Path, typer.Argument(help="results/<experiment>")],
    snapshot: Annotated[Path, typer.Argument(help="the published results, results/reference/<experiment>")],
) -> None:
    """Say cell by cell whether a run reproduced the published tables; exit code 1 if not."""
    from prefclip.reporting.compare import compare_runs

    raise typer.Exit(0 if compare_runs(run, snapshot) else 1)


@app.command()
def claims(
    claim: Annotated[str | None, typer.Argument(help="one claim, by its id: all that is known of it")] = None,
    run: Annotated[Path, typer.Option(help="folder of a run, or of published results")] = Path(
        "results/reference/embedded"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="print the tables of README and docs/artifact-evaluation.md")
    ] = False,
) -> None:
    """Judge the paper's claims again; exit code 1 where a stored verdict does not follow from the stored cells."""
    from prefclip.reporting.claims.checking import check_claims
    from prefclip.reporting.claims.views import shown_claims

    found, contradictions = check_claims(run)
    print("\n".join(shown_claims(found, str(run), claim, as_json, as_markdown)))
    for contradiction in contradictions:
        print(f"prefclip: {contradiction}", file=sys.stderr)
    raise typer.Exit(1 if contradictions else 0)


@app.command()
def publish(
    run: Annotated[Path, typer.Argument(help="folder of a finished run, results/<experiment>")],
    name: Annotated[str | None, typer.Option(help="of the folder in results/reference, instead of the run's")] = None,
) -> None:
    """Copy tables and figures of a run that the audit finds in order, and the records of all that they come from."""
    from prefclip.lineage.project import Project
    from prefclip.lineage.published import publish

    print(publish(Project.around(), run, name))


@app.command()
def pretrain(
    output: Annotated[Path, typer.Option(help="where to save the weights")],
    record: Annotated[Path, typer.Option(help="where to write the training record (CSV)")],
    world: Annotated[Path, typer.Option(help="folder of the embedded images")] = Path("resources/embedded"),
    threads: Threads = 2,
) -> None:
    """Pretrain the embedded base model emoji-clip from the embedded images."""
    from prefclip.training.pretraining import PretrainingPlan, pretrain_emoji_clip

    pretrain_emoji_clip(world, PretrainingPlan(), output, record, threads)


@app.command()
def distil(
    output: Annotated[Path, typer.Option(help="where to save the weights")],
    record: Annotated[Path, typer.Option(help="where to write the training record (CSV)")],
    world: Annotated[Path, typer.Option(help="folder of the embedded images")] = Path("resources/embedded"),
    teacher: Annotated[Path, typer.Option(help="weights of emoji-clip")] = Path(
        "resources/embedded/emoji-clip.safetensors"
    ),
    threads: Threads = 2,
) -> None:
    """Distil emoji-vit, a transformer twin, from emoji-clip on the embedded images."""
    from prefclip.training.distillation import DistillationPlan, distil_emoji_vit

    distil_emoji_vit(world, teacher, DistillationPlan(), output, record, threads)


@config_app.command("check")
def check_config_file(
    config: Annotated[list[Path], typer.Argument(help="YAML configuration; a second one changes keys of the first")],
) -> None:
    """Check one YAML configuration; prints nothing but the run's folder if it is sound."""
    from prefclip.config import read_config
    from prefclip.datasets.own_folders import check_own_folders
    from prefclip.datasets.registry import DATASETS
    from prefclip.run.files import files_of

    settings = read_config(*config, datasets=DATASETS)
    check_own_folders(settings)
    if not settings.model.is_embedded:
        from prefclip.models.weight_files import check_model

        check_model(settings.model.name, settings.model.weights)
    print(files_of(settings).root)


@config_app.command("explain")
def explain_keys(
    markdown: Annotated[bool, typer.Option("--markdown", help="print config/README.md instead")] = False,
) -> None:
    """Print every key of a configuration with what it may be, its default and its meaning."""
    from prefclip.config import json_schema
    from prefclip.config.overview import overview
    from prefclip.config.readme import readme

    print("\n".join((readme if markdown else overview)(json_schema())))


@config_app.command("scale")
def show_scale(
    config: Annotated[list[Path], typer.Argument(help="YAML configuration; a second one changes keys of the first")],
) -> None:
    """Print how large a run is, as a Markdown table: images, steps, evaluations, bytes; counted, not measured."""
    from prefclip.config import read_config
    from prefclip.datasets.registry import DATASETS
    from prefclip.run.scale import scale_of

    print("\n".join(scale_of(read_config(*config, datasets=DATASETS)).lines()))


@config_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a configuration."""
    from prefclip.config import json_schema

    print(json.dumps(json_schema(), indent=2, sort_keys=True))


@world_app.command("build-images")
def build_world_images(
    packages: Annotated[Path, typer.Option(help="folder with the unpacked emoji packages")],
    world: Annotated[Path, typer.Option(help="folder of the embedded images")] = Path("resources/embedded"),
) -> None:
    """Build emoji.parquet from the three emoji packages."""
    from prefclip.datasets.emoji_sources import build_source_images

    count = build_source_images(packages, world / "classes.yaml", world / "emoji.parquet")
    print(f"{count} source images")


if __name__ == "__main__":
    main()

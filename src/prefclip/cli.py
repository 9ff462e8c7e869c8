"""`prefclip`: one command for each stage, a thin layer over the packages that do the work.

Imports sit inside the commands because torch and pandas take seconds that most commands need not pay.
"""

import json
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from prefclip.datasets.commands import datasets_app
from prefclip.errors import PrefclipError
from prefclip.layout import RunLayout, checked_sources, method_runs, shipped_files, weights_files
from prefclip.lineage.commands import audit_app

app = typer.Typer(
    name="prefclip",
    help="Preference optimisation of CLIP, from data sets to tables, figures and their lineage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Check and explain configurations.", no_args_is_help=True)
world_app = typer.Typer(help="Build the embedded world (maintainers).", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(datasets_app, name="datasets")
app.add_typer(audit_app, name="audit")
app.add_typer(world_app, name="world")

Run = Annotated[Path, typer.Argument(help="folder of the run, results/<experiment>, with its config.json")]
Seed = Annotated[int, typer.Option(min=0, help="seed of the training run")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads; the same number gives the same bytes")]
Dataset = Annotated[str, typer.Argument(help="name of a data set of the run")]
Method = Annotated[str, typer.Argument(help="a method of the run, or clip for the untouched model")]


def main() -> None:
    """Run the command line; an error that a user can cause is one sentence on standard error and exit code 1."""
    # A terminated command unwinds, so that temporary files are removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        app()
    except PrefclipError as error:
        print(f"prefclip: {error}", file=sys.stderr)
        sys.exit(1)


@app.command("init")
def init_run(config: Annotated[Path, typer.Option(help="YAML configuration")] = Path("config/embedded.yaml")) -> None:
    """Check a configuration and store it, resolved, in the folder of its run."""
    from prefclip.config import read_config
    from prefclip.layout import write_resolved_config

    _, layout = write_resolved_config(read_config(config).model_dump(mode="json"), str(config))
    print(layout.root)


@app.command()
def fetch(run: Run) -> None:
    """Check the raw data of a run against their published checksums."""
    from prefclip.datasets.sources import fetch_sources
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    root = Path(layout.read_config().data.root)
    with recorded(
        "fetch",
        inputs=[root / "checksums.json", *shipped_files(root)],
        outputs=[layout.sources],
        config=layout.config,
        keys=["data.root"],
    ):
        fetch_sources(root, layout.sources)


@app.command()
def obtain(run: Run, dataset: Dataset) -> None:
    """Fetch one downloaded data set of a run unless it is there, check it, and fingerprint its files."""
    from prefclip.datasets.obtain import obtain_dataset
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    output = layout.source(dataset)
    with recorded(
        "obtain", outputs=[output], config=layout.config, keys=["data.root"], wildcards={"dataset": dataset}
    ):
        obtain_dataset(dataset, layout.read_config().data.root, output)


@app.command()
def manifest(run: Run, dataset: Dataset, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Decode the images of one data set into a memory-mapped file and list them in a manifest."""
    from prefclip.datasets.manifests import build_manifest
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    outputs = [layout.images(dataset), layout.manifest(dataset), layout.classes(dataset)]
    with recorded(
        "manifest",
        inputs=[checked_sources(config, dataset), *shipped_files(Path(config.data.root))],
        outputs=outputs,
        config=layout.config,
        keys=["protocol", "data", "reading", "model.image_size"],
        wildcards={"dataset": dataset},
    ):
        build_manifest(config, dataset, *outputs, workers=workers)


@app.command()
def attacks(run: Run, dataset: Dataset, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Write a misleading word on every image of one data set."""
    from prefclip.attacks.synthesis import synthesise_attacks
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    attack = layout.read_config().attack
    inputs = [layout.manifest(dataset), layout.images(dataset), layout.classes(dataset)]
    outputs = [layout.attacked_images(dataset), layout.attacked_manifest(dataset)]
    with recorded(
        "attacks",
        inputs=inputs,
        outputs=outputs,
        config=layout.config,
        keys=["attack"],
        seed=attack.seed,
        wildcards={"dataset": dataset},
    ):
        synthesise_attacks(
            *inputs,
            *outputs,
            size_range=(attack.smallest_size, attack.largest_size),
            variants=attack.variants,
            seed=attack.seed,
            workers=workers,
        )


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
def pairs(run: Run, dataset: Dataset) -> None:
    """Pair clean and attacked images: the true name is preferred, the written one rejected."""
    from prefclip.lineage.recording import recorded
    from prefclip.preferences.pairs import build_pairs

    layout = RunLayout(str(run))
    inputs = [layout.manifest(dataset), layout.attacked_manifest(dataset)]
    output = layout.preferences(dataset)
    with recorded("pairs", inputs=inputs, outputs=[output], wildcards={"dataset": dataset}):
        build_pairs(*inputs, output)


@app.command()
def reference(run: Run, threads: Threads = 1) -> None:
    """Embed the training pairs with the frozen reference model, once for all methods."""
    from prefclip.lineage.recording import recorded
    from prefclip.training.reference import cache_reference

    layout = RunLayout(str(run))
    config = layout.read_config()
    data = config.data.train
    pairs_and_images = [layout.preferences(data), layout.images(data), layout.attacked_images(data)]
    output = layout.reference(config.model.key, data)
    with recorded(
        "reference",
        inputs=[*pairs_and_images, *weights_files(config)],
        outputs=[output],
        config=layout.config,
        keys=["model", "training.precision"],
        wildcards={"model": config.model.key, "dataset": data},
    ):
        cache_reference(config, *pairs_and_images, output, threads=threads)


@app.command()
def train(
    run: Run,
    method: Method,
    seed: Seed = 0,
    threads: Threads = 1,
    scratch: Annotated[Path | None, typer.Option(help="folder of resume points")] = None,
) -> None:
    """Tune the model with one method and seed; goes on where a killed run stopped."""
    from prefclip.lineage.recording import recorded
    from prefclip.training.loop import train as train_policy
    from prefclip.training.run_identity import method_settings

    layout = RunLayout(str(run))
    config = layout.read_config()
    averaging = method_settings(config, method).averaging
    data, model = config.data.train, config.model.key
    inputs = [
        layout.preferences(data),
        layout.images(data),
        layout.attacked_images(data),
        layout.classes(data),
        layout.reference(model, data),
    ]
    kinds = ["raw", "averaged"] if averaging else ["raw"]
    with recorded(
        "train",
        inputs=[*inputs, *weights_files(config)],
        outputs=[
            *(layout.checkpoint(model, method, seed, kind) for kind in kinds),
            layout.training_log(model, method, seed),
        ],
        config=layout.config,
        keys=["training", "model", f"methods.{method}"],
        seed=seed,
        wildcards={"model": model, "method": method, "seed": seed},
    ):
        train_policy(
            config,
            method,
            seed,
            *inputs,
            output_folder=layout.checkpoint_folder(model, method, seed),
            scratch=scratch or Path(layout.root) / "scratch",
            threads=threads,
        )


@app.command()
def evaluate(run: Run, method: Method, seed: Seed = 0, threads: Threads = 1) -> None:
    """Score one tuned model, or the untouched clip, on every data set of the run."""
    from prefclip.evaluation.zero_shot import checkpoint_files
    from prefclip.evaluation.zero_shot import evaluate as evaluate_model
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    model = config.model.key
    checkpoint = None if method == "clip" else layout.checkpoint_folder(model, method, seed)
    tuned = [path for path in checkpoint_files(config, method, checkpoint).values() if path is not None]
    named = (layout.classes, layout.images, layout.attacked_images, layout.manifest, layout.attacked_manifest)
    outputs = [layout.predictions(model, method, seed), layout.metrics(model, method, seed)]
    with recorded(
        "evaluate",
        inputs=[*tuned, *weights_files(config), *(name(dataset) for dataset in config.datasets for name in named)],
        outputs=outputs,
        config=layout.config,
        keys=["evaluation", "model", "data"],
        seed=seed,
        wildcards={"model": model, "method": method, "seed": seed},
    ):
        evaluate_model(
            config,
            method,
            seed,
            checkpoint,
            run / "classes",
            run / "images",
            run / "manifests",
            *outputs,
            threads=threads,
        )


@app.command()
def table(run: Run, name: Annotated[str, typer.Argument(help="name of the table")]) -> None:
    """Write one table as CSV, Markdown and LaTeX, and the list of metrics that each cell comes from."""
    from prefclip.lineage.cells import cells_name, write_cells
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.main_results import cell_groups
    from prefclip.reporting.tables import make_table

    layout = RunLayout(str(run))
    config = layout.read_config()
    csv = layout.table(name, "csv")
    outputs = [*(layout.table(name, form) for form in ("csv", "md", "tex")), cells_name(csv)]
    runs = method_runs(config)
    metrics = [layout.metrics(*each) for each in runs]
    with recorded(
        "table",
        inputs=[*(layout.predictions(*each) for each in runs), *metrics],
        outputs=outputs,
        config=layout.config,
        keys=["data", "methods", "seeds", "evaluation"],
        wildcards={"table": name},
    ):
        make_table(layout, name)
        write_cells(csv, metrics, cell_groups(config))


@app.command()
def figure(run: Run, name: Annotated[str, typer.Argument(help="name of the figure")]) -> None:
    """Draw one figure as PDF and PNG."""
    from prefclip.lineage.figure_ids import figure_metadata
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.figure_inputs import figure_inputs
    from prefclip.reporting.figures import draw_figure

    layout = RunLayout(str(run))
    with recorded(
        "figure",
        inputs=figure_inputs(layout.read_config(), layout, name),
        outputs=[layout.figure(name, form) for form in ("pdf", "png")],
        config=layout.config,
        keys=["data", "methods", "seeds", "evaluation"],
        wildcards={"figure": name},
    ) as drawing:
        draw_figure(layout, name, partial(figure_metadata, drawing.activity))


@app.command()
def compare(
    run: Annotated[Path, typer.Argument(help="results/<experiment>")],
    snapshot: Annotated[Path, typer.Argument(help="the published results, results/reference/<experiment>")],
) -> None:
    """Say cell by cell whether a run reproduced the published tables; exit code 1 if not."""
    from prefclip.reporting.compare import compare_runs

    raise typer.Exit(0 if compare_runs(run, snapshot) else 1)


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


@config_app.command("check")
def check_config_file(config: Path) -> None:
    """Check one YAML configuration; prints nothing but the run's folder if it is sound."""
    from prefclip.config import read_config
    from prefclip.layout import layout_of

    print(layout_of(read_config(config)).root)


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

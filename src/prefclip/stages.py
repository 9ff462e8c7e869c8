"""The stages of a run: each reads files, writes files, and leaves a lineage record beside every one that it wrote.

The functions are commands of ``prefclip``. A stage's source files are computed from what its function imports here.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from prefclip.layout import RunLayout, checked_sources, image_settings, method_runs, shipped_files, weights_files

Run = Annotated[Path, typer.Argument(help="folder of the run, results/<experiment>, with its config.json")]
Seed = Annotated[int, typer.Option(min=0, help="seed of the training run")]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads; the same number gives the same bytes")]
Workers = Annotated[int, typer.Option(min=1, help="processes; any number gives the same bytes")]
Dataset = Annotated[str, typer.Argument(help="name of a data set of the run")]
Method = Annotated[str, typer.Argument(help="a method of the run, or clip for the untouched model")]


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


def obtain(run: Run, dataset: Dataset) -> None:
    """Fetch one downloaded data set of a run unless it is there, check it, and fingerprint its files."""
    from prefclip.datasets.obtain import obtain_dataset
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    output = layout.source(dataset)
    with recorded("obtain", outputs=[output], config=layout.config, keys=["data.root"], wildcards={"dataset": dataset}):
        obtain_dataset(dataset, layout.read_config().data.root, output)


def manifest(run: Run, dataset: Dataset, workers: Workers = 1) -> None:
    """Decode the images of one data set into a memory-mapped file and list them in a manifest."""
    from prefclip.datasets.manifests import build_manifest
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    outputs = [layout.images(dataset), layout.manifest(dataset), layout.classes(dataset)]
    decisive = image_settings(config, dataset)
    with recorded(
        "manifest",
        inputs=[checked_sources(config, dataset), *shipped_files(Path(config.data.root))],
        outputs=outputs,
        config=layout.config,
        keys=["reading", *(f"{section}.{key}" for section, keys in decisive.items() for key in sorted(keys))],
        wildcards={"dataset": dataset},
    ):
        build_manifest(config, dataset, *outputs, workers=workers)


def attacks(run: Run, dataset: Dataset, workers: Workers = 1) -> None:
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


def pairs(run: Run, dataset: Dataset) -> None:
    """Pair clean and attacked images: the true name is preferred, the written one rejected."""
    from prefclip.lineage.recording import recorded
    from prefclip.preferences.pairs import build_pairs

    layout = RunLayout(str(run))
    inputs = [layout.manifest(dataset), layout.attacked_manifest(dataset)]
    output = layout.preferences(dataset)
    with recorded("pairs", inputs=inputs, outputs=[output], wildcards={"dataset": dataset}):
        build_pairs(*inputs, output)


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


def summary(run: Run) -> None:
    """Write the headline accuracies of a run as JSON, which `dvc metrics show` and `dvc metrics diff` read."""
    from prefclip.lineage.recording import recorded
    from prefclip.reporting.summary import summarise

    layout = RunLayout(str(run))
    table = layout.table("typographic")
    with recorded("summary", inputs=[table], outputs=[layout.summary], config=layout.config, keys=["data", "methods"]):
        summarise(layout.read_config(), table, layout.summary)


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


STAGES = (fetch, obtain, manifest, attacks, pairs, reference, train, evaluate, table, summary, figure)

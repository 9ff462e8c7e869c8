"""Training and evaluation of the methods."""

from pathlib import Path
from typing import Annotated

import typer

from prefclip.run.files import RunFiles
from prefclip.run.plan import base_weights, published_file, scored_files, training_files
from prefclip.stages.options import Method, Run, Seed, Threads, Words


def reference(run: Run, threads: Threads = 1, words: Words = False) -> None:
    """Embed the training pairs with the frozen reference model, once for all methods."""
    from prefclip.lineage.recording import recorded
    from prefclip.training.reference import cache_reference

    layout = RunFiles(str(run))
    config = layout.read_config()
    data = config.data.train
    pairs_and_images = [layout.preferences(data, words), layout.images(data), layout.attacked_images(data, words)]
    output = layout.reference(config.model.key, data, words)
    with recorded(
        "reference",
        inputs=[*pairs_and_images, *base_weights(config)],
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

    layout = RunFiles(str(run))
    config = layout.read_config()
    kept = method_settings(config, method).kept_weights
    model, files = config.model.key, training_files(config, layout, method)
    with recorded(
        "train",
        inputs=[*files.values(), *base_weights(config)],
        outputs=[
            *(layout.checkpoint(model, method, seed, kind) for kind in kept),
            layout.training_log(model, method, seed),
        ],
        config=layout.config,
        keys=["training", "model", f"methods.{config.main_method(method)}"],
        params=None if method in config.methods else {"method": config.every_method[method].model_dump(mode="json")},
        seed=seed,
        wildcards={"model": model, "method": method, "seed": seed},
    ):
        train_policy(
            config,
            method,
            seed,
            **files,
            output_folder=layout.checkpoint_folder(model, method, seed),
            scratch=scratch or Path(layout.root) / "scratch",
            threads=threads,
        )


def evaluate(run: Run, method: Method, seed: Seed = 0, threads: Threads = 1) -> None:
    """Score one tuned model, or the untouched clip, on the data sets of the run."""
    from prefclip.evaluation.zero_shot import checkpoint_files
    from prefclip.evaluation.zero_shot import evaluate as evaluate_model
    from prefclip.lineage.recording import recorded

    layout = RunFiles(str(run))
    config = layout.read_config()
    model = config.model.key
    checkpoint = None if method == "clip" else layout.checkpoint_folder(model, method, seed)
    tuned = [path for path in checkpoint_files(config, method, checkpoint).values() if path is not None]
    predictions = layout.predictions(model, method, seed)
    datasets = config.scored_datasets(method, seed)
    with recorded(
        "evaluate",
        inputs=[*tuned, *base_weights(config), *scored_files(config, layout, method, seed)],
        outputs=[predictions],
        config=layout.config,
        keys=["evaluation", "model", "data", *([] if datasets == config.datasets else ["sweeps.zero_shot"])],
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
            predictions,
            threads=threads,
        )


def check_clip(run: Run) -> None:
    """Compare the untouched CLIP with published accuracies; stop where images, labels or prompts are wrong."""
    from prefclip.evaluation.clip_check import check_against_published
    from prefclip.lineage.recording import recorded

    layout = RunFiles(str(run))
    config = layout.read_config()
    predictions, published = layout.predictions(config.model.key, "clip", 0), published_file("open_clip_zero_shot")
    with recorded(
        "check_clip",
        inputs=[predictions, published],
        outputs=[layout.clip_check],
        config=layout.config,
        keys=["model", "data", "reading", "evaluation"],
    ):
        check_against_published(config, predictions, published, layout.clip_check)

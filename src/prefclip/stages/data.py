"""From raw data to preference pairs."""

from pathlib import Path

from prefclip.layout import RunLayout, checked_sources, image_settings, listed_files, shipped_files
from prefclip.stages.options import Dataset, Run, Words, Workers


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
    config = layout.read_config()
    output = layout.source(dataset)
    with recorded(
        "obtain",
        inputs=listed_files(dataset),
        outputs=[output],
        config=layout.config,
        keys=["data.root"],
        wildcards={"dataset": dataset},
    ):
        obtain_dataset(dataset, config.data.root, output)


def manifest(run: Run, dataset: Dataset, workers: Workers = 1) -> None:
    """Decode the images of one data set into a memory-mapped file and list them in a manifest."""
    from prefclip.datasets.build import build_manifest
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    outputs = [layout.images(dataset), layout.manifest(dataset), layout.classes(dataset)]
    decisive = image_settings(config, dataset)
    with recorded(
        "manifest",
        inputs=[checked_sources(config, dataset), *shipped_files(Path(config.data.root)), *listed_files(dataset)],
        outputs=outputs,
        config=layout.config,
        keys=["reading", *(f"{section}.{key}" for section, keys in decisive.items() for key in sorted(keys))],
        wildcards={"dataset": dataset},
    ):
        build_manifest(config, dataset, *outputs, workers=workers)


def attacks(run: Run, dataset: Dataset, workers: Workers = 1, words: Words = False) -> None:
    """Write a misleading word on every image of one data set."""
    from prefclip.attacks.further_words import images_with_further_words
    from prefclip.attacks.synthesis import synthesise_attacks
    from prefclip.lineage.recording import recorded

    layout = RunLayout(str(run))
    config = layout.read_config()
    attack, variants, only = config.attack, config.attack.variants, None
    inputs = [layout.manifest(dataset), layout.images(dataset), layout.classes(dataset)]
    outputs = [layout.attacked_images(dataset, words), layout.attacked_manifest(dataset, words)]
    if words:
        variants, only = images_with_further_words(config, dataset, layout.manifest(dataset))
    with recorded(
        "attacks",
        inputs=inputs,
        outputs=outputs,
        config=layout.config,
        keys=["attack"],
        params={"variants": variants, "images": len(only)} if words else None,
        seed=attack.seed,
        wildcards={"dataset": dataset},
    ):
        synthesise_attacks(
            *inputs,
            *outputs,
            size_range=(attack.smallest_size, attack.largest_size),
            variants=variants,
            seed=attack.seed,
            workers=workers,
            only=only,
        )


def pairs(run: Run, dataset: Dataset, words: Words = False) -> None:
    """Pair clean and attacked images: the true name is preferred, the written one rejected."""
    from prefclip.lineage.recording import recorded
    from prefclip.preferences.pairs import build_pairs

    layout = RunLayout(str(run))
    inputs = [layout.manifest(dataset), layout.attacked_manifest(dataset, words)]
    output = layout.preferences(dataset, words)
    with recorded("pairs", inputs=inputs, outputs=[output], wildcards={"dataset": dataset}):
        build_pairs(*inputs, output)

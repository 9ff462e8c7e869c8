"""What a configuration asks for: its runs of methods and maps, and the files outside of a run that they start from."""

from pathlib import Path

from prefclip.config import Config
from prefclip.run.files import RunFiles

# Keys that decide which images of a set are scored, and in which batches.
SELECTED = tuple(f"evaluation.{key}" for key in ("batch_size", "max_images", "drop_last_batches"))
RESOURCES = Path(__file__).resolve().parents[3] / "resources"


def method_runs(config: Config) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of every run; the untouched CLIP comes first and has no seed to vary."""
    return [(config.model.key, "clip", 0), *tuned_runs(config)]


def tuned_runs(config: Config) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of every run of a main method."""
    return [(config.model.key, method, seed) for method in config.methods for seed in config.seeds]


def sweep_runs(config: Config) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of every run that the sweeps compare, each once, those of the main tables first."""
    points = [(config.model.key, point.name, seed) for point in config.grid_points for seed in point.seeds]
    return list(dict.fromkeys([*method_runs(config), *points]))


def trial_runs(config: Config) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of every trial of the search for settings, and of the untouched CLIP first."""
    seed = config.seeds[0]
    return [(config.model.key, "clip", 0), *((config.model.key, trial.name, seed) for trial in config.trials)]


def trained_runs(config: Config, runs: list[tuple[str, str, int]] | None = None) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of the trainings among ``runs``, all of the main tables unless given, and of those
    that the others build on, each once.
    """
    needed = []
    for model, method, seed in method_runs(config) if runs is None else runs:
        settings = config.every_method.get(method)  # the untouched CLIP has none
        names = () if settings is None else (method,) if settings.is_trained else settings.builds_on
        needed += [(model, name, seed) for name in names]
    return list(dict.fromkeys(needed))


def concept_runs(config: Config, concept: str | None = None) -> list[tuple[str, str, int]]:
    """Return (model, name, seed) of every concept map, or of those of one concept (``reading`` or ``gender``)."""
    return [
        (config.model.key, name, seed)
        for name, settings in config.concepts.items()
        if concept in (None, settings.concept)
        for seed in settings.seeds
    ]


def tuned_weights(config: Config, files: RunFiles, method: str, seed: int) -> dict[str, str]:
    """Return the checkpoints of a trained method by their kind, the one that stands for it last; none for clip."""
    kinds = () if method == "clip" else config.every_method[method].kept_weights
    return {kind: files.checkpoint(config.model.key, method, seed, kind) for kind in kinds}


def standing_weights(config: Config, files: RunFiles, method: str) -> dict[int, tuple[str, str | None]]:
    """Return the kind and the file of the weights that stand for a method under each seed: averaged ones where it
    averages, else the last ones; no file for the untouched clip, which has one seed.
    """
    if method == "clip":
        return {0: ("raw", None)}
    return {seed: list(tuned_weights(config, files, method, seed).items())[-1] for seed in config.seeds}


def base_weights(config: Config) -> list[str]:
    """Return the base model's weights as a list of files: empty where they are a tag on a hub."""
    return [config.model.weights] if Path(config.model.weights).suffix == ".safetensors" else []


def saliency_dataset(config: Config) -> str:
    """Return the data set whose images are explained: the training set unless the configuration names one."""
    return (config.saliency and config.saliency.dataset) or config.data.train


def canvas(config: Config, files: RunFiles, dataset: str) -> str:
    """Return the images that words are written on: the clean ones, or those before a bottleneck reduced them."""
    return files.canvas(dataset) if config.has_canvases else files.images(dataset)


def shipped_files(root: Path) -> list[str]:
    """Return the files of the embedded world that data sets are rendered from; none for a folder without them."""
    return [str(path) for path in (root / "emoji.parquet", root / "classes.yaml") if path.is_file()]


def listed_files(config: Config, dataset: str) -> list[str]:
    """Return the lists beside its card that a data set is read with; none for one's own."""
    from prefclip.datasets.card import dataset_card

    return [] if dataset in config.data.own else [_shipped(path) for path in dataset_card(dataset).lists]


def published_file(name: str) -> str:
    """Return a table of published numbers that ships with the repository."""
    return _shipped(RESOURCES / "published" / f"{name}.csv")


def ledger_file() -> str:
    """Return the ledger of claims of the repository that one works in; elsewhere the one that ships."""
    return _shipped(RESOURCES.parent / "config/claims.yaml")


def _shipped(path: Path) -> str:
    """Return a shipped file as it is named in the repository that one works in, if it has the file."""
    name = path.relative_to(RESOURCES.parent) if path.is_relative_to(RESOURCES.parent) else path
    return str(name if name.is_file() else path)


def clip_is_comparable(config: Config) -> bool:
    """Say whether published numbers apply: real data, and whole test splits at full resolution are scored."""
    reading, evaluation = config.reading, config.evaluation
    whole = reading.splits == "official" and not reading.drop and not reading.capped and reading.bottleneck is None
    scored = evaluation.max_images is None and not evaluation.drop_last_batches
    return config.data.source == "downloaded" and whole and scored

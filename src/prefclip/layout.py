"""Names of everything that a run makes: one place for the commands, the rules and the readers.

Every method also accepts Snakemake patterns such as ``"{dataset}"``.
"""

from dataclasses import dataclass
from pathlib import Path

from prefclip.config import Config
from prefclip.files import write_text

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


@dataclass(frozen=True)
class RunFiles:
    """The files of one run below ``root`` (``results/<experiment>``)."""

    root: str

    def _path(self, *parts: str) -> str:
        return "/".join((self.root, *parts))

    @property
    def config(self) -> str:
        return self._path("config.json")

    @property
    def sources(self) -> str:
        return self._path("manifests", "sources.json")

    def source(self, dataset: str) -> str:
        return self._path("manifests", f"{dataset}.source.json")

    def classes(self, dataset: str) -> str:
        return self._path("classes", f"{dataset}.json")

    def images(self, dataset: str) -> str:
        return self._path("images", f"{dataset}.npy")

    def attacked_images(self, dataset: str, words: bool = False) -> str:
        """The attacked twins of all images; with ``words`` the further ones that only some sweeps train on."""
        return self._path("images", f"{dataset}.{'words' if words else 'attacked'}.npy")

    def manifest(self, dataset: str) -> str:
        return self._path("manifests", f"{dataset}.parquet")

    def attacked_manifest(self, dataset: str, words: bool = False) -> str:
        return self._path("manifests", f"{dataset}.{'words' if words else 'attacked'}.parquet")

    def attacked_set(self, dataset: str) -> list[str]:
        """Return all that is read of one data set with typographic images."""
        named = (self.classes, self.images, self.attacked_images, self.manifest, self.attacked_manifest)
        return [path(dataset) for path in named]

    def preferences(self, dataset: str, words: bool = False) -> str:
        return self._path("preferences", f"{dataset}{'.words' if words else ''}.parquet")

    def reference(self, model: str, dataset: str, words: bool = False) -> str:
        return self._path("reference", model, f"{dataset}{'.words' if words else ''}.safetensors")

    def checkpoint_folder(self, model: str, method: str, seed: object) -> str:
        return self._path("checkpoints", model, method, f"seed{seed}")

    def checkpoint(self, model: str, method: str, seed: object, weights: str = "raw") -> str:
        name = "averaged" if weights == "averaged" else "model"
        return f"{self.checkpoint_folder(model, method, seed)}/{name}.safetensors"

    def training_log(self, model: str, method: str, seed: object) -> str:
        return f"{self.checkpoint_folder(model, method, seed)}/training_log.csv"

    def gender_pairs(self, dataset: str, preference: str) -> str:
        return self._path("preferences", f"{dataset}.{preference}.parquet")

    def concept_map(self, model: str, concept: str, seed: object) -> str:
        return self._path("concepts", model, concept, f"seed{seed}", "map.safetensors")

    def concept_log(self, model: str, concept: str, seed: object) -> str:
        return self._path("concepts", model, concept, f"seed{seed}", "training_log.csv")

    def concept_sweep(self, model: str, concept: str, seed: object) -> str:
        """Numbers of one map at every t, in long form."""
        return self._path("metrics", "concepts", f"{model}.{concept}.seed{seed}.parquet")

    def neutral_scale(self, model: str, concept: str, seed: object) -> str:
        """The neutral t of a gender map."""
        return self._path("metrics", "concepts", f"{model}.{concept}.seed{seed}.neutral.json")

    def retrieval(self, model: str, concept: str, seed: object) -> str:
        """The first images of every caption at every t of a gender map."""
        return self._path("metrics", "concepts", f"{model}.{concept}.seed{seed}.retrieval.parquet")

    @property
    def map_spectra(self) -> str:
        return self._path("metrics", "concepts", "spectra.parquet")

    @property
    def map_distances(self) -> str:
        return self._path("metrics", "concepts", "distances.parquet")

    def predictions(self, model: str, method: str, seed: object) -> str:
        return self._path("predictions", model, method, f"seed{seed}.parquet")

    def saliency(self, model: str, method: str) -> str:
        return self._path("saliency", model, f"{method}.parquet")

    def saliency_maps(self, model: str, method: str) -> str:
        return self._path("saliency", model, f"{method}.maps.safetensors")

    @property
    def clip_check(self) -> str:
        return self._path("metrics", "clip_check.json")

    @property
    def summary(self) -> str:
        return self._path("metrics", "summary.json")

    def table(self, name: str, form: str = "csv") -> str:
        return self._path("tables", f"{name}.{form}")

    def figure(self, name: str, form: str = "pdf") -> str:
        return self._path("figures", f"{name}.{form}")

    @property
    def explorer(self) -> str:
        return self._path("report", "explorer.json")

    @property
    def report(self) -> str:
        return self._path("report", "index.html")

    @property
    def ablations_report(self) -> str:
        return self._path("report", "ablations.html")

    def read_config(self) -> Config:
        """Read the resolved configuration that the run was started with. Raises ConfigError where there is none."""
        from prefclip.config import ConfigError, read_config

        if not Path(self.config).is_file():
            raise ConfigError(
                f"{self.config}: no such file, so {self.root} is no run; `prefclip init --config FILE` starts one."
            )
        return read_config(self.config)


def files_of(config: Config) -> RunFiles:
    """Return the layout of ``results/<experiment>``."""
    return RunFiles(f"results/{config.experiment}")


def store_config(config: Config) -> RunFiles:
    """Store a configuration, resolved, as ``config.json`` of its run unless the file already says the same.

    Raises OutputError where it cannot be written.
    """
    layout = files_of(config)
    text = config.model_dump_json(indent=2) + "\n"
    path = Path(layout.config)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return layout


def method_runs(config: Config, untouched: bool = True) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of every run; the untouched CLIP comes first and has no seed to vary."""
    model = config.model.key
    first = [(model, "clip", 0)] if untouched else []
    return first + [(model, method, seed) for method in config.methods for seed in config.seeds]


def sweep_runs(config: Config) -> list[tuple[str, str, int]]:
    """Return (model, method, seed) of every run that the sweeps compare, each once, those of the main tables first."""
    points = [(config.model.key, point.name, seed) for point in config.grid_points for seed in point.seeds]
    return list(dict.fromkeys([*method_runs(config), *points]))


def training_files(config: Config, layout: RunFiles, method: str) -> dict[str, str]:
    """Return what a method is trained on, by the argument of `prefclip.training.loop.train`."""
    data = config.data.train
    words = config.needs_further_words(method)
    return {
        "preferences": layout.preferences(data, words),
        "images": layout.images(data),
        "attacked_images": layout.attacked_images(data, words),
        "classes": layout.classes(data),
        "reference": layout.reference(config.model.key, data, words),
    }


def concept_runs(config: Config, concept: str | None = None) -> list[tuple[str, str, int]]:
    """Return (model, name, seed) of every concept map, or of those of one concept (``reading`` or ``gender``)."""
    return [
        (config.model.key, name, seed)
        for name, settings in config.concepts.items()
        if concept in (None, settings.concept)
        for seed in settings.seeds
    ]


def concept_results(config: Config) -> list[str]:
    """Return what is measured of all concept maps; nothing where there are none."""
    layout = files_of(config)
    found = [layout.concept_sweep(*run) for run in concept_runs(config)]
    for run in concept_runs(config, "gender"):
        found += [layout.neutral_scale(*run), layout.retrieval(*run)]
    return [*found, layout.map_spectra, layout.map_distances] if found else []


def concept_training_files(config: Config, name: str) -> dict[str, str]:
    """Return the files that a concept map is trained on, by the name of what they hold."""
    layout, dataset, settings = files_of(config), config.concept_dataset(name), config.concept(name)
    files = {"images": layout.images(dataset), "classes": layout.classes(dataset)}
    if settings.concept == "gender":
        return files | {"gender_pairs": layout.gender_pairs(dataset, settings.preference)}
    return files | {
        "preferences": layout.preferences(dataset),
        "attacked_images": layout.attacked_images(dataset),
        "reference": layout.reference(config.model.key, dataset),
    }


def concept_sweep_files(config: Config, name: str) -> list[str]:
    """Return the files of the images that a concept map is measured on."""
    layout = files_of(config)
    if config.concept(name).concept == "gender":
        dataset = config.concept_dataset(name)
        return [layout.manifest(dataset), layout.images(dataset), layout.classes(dataset)]
    return [path for dataset in config.attacked_datasets for path in layout.attacked_set(dataset)]


def scored_files(config: Config, layout: RunFiles, method: str, seed: int) -> list[str]:
    """Return the images, manifests and classes that one run of a method is scored on.

    Real photographs bear their words already: they have no attacked images.
    """
    datasets = config.scored_datasets(method, seed)
    attacked = [name for name in datasets if name not in config.data.real]
    files = [path(name) for path in (layout.images, layout.manifest, layout.classes) for name in datasets]
    return files + [path(name) for path in (layout.attacked_images, layout.attacked_manifest) for name in attacked]


def explored_checkpoints(config: Config, layout: RunFiles) -> dict[str, str | None]:
    """Return the weights of each method that the explorer asks, of the first seed; None for the untouched CLIP."""
    model, seed = config.model.key, config.seeds[0]
    tuned = {
        name: layout.checkpoint(model, name, seed, method.kept_weights[-1]) for name, method in config.methods.items()
    }
    return {"clip": None, **tuned}


def image_settings(config: Config, dataset: str) -> dict[str, set[str]]:
    """Return the keys, by section, that the images of one data set depend on, beside all of ``reading``.

    Naming or resizing another data set changes none of them.
    """
    sizes = {"test_images"}
    if dataset == config.data.train:
        sizes |= {"train_images", "validation_images"}
    elif dataset in config.data.bias and config.data.people_train_images:
        sizes.add("people_train_images")
    return {"data": {"source", "root", *sizes}, "model": {"image_size"}}


def saliency_dataset(config: Config) -> str:
    """Return the data set whose images are explained: the training set unless the configuration names one."""
    return (config.saliency and config.saliency.dataset) or config.data.train


def base_weights(config: Config) -> list[str]:
    """Return the base model's weights as a list of files: empty where they are a tag on a hub."""
    return [config.model.weights] if Path(config.model.weights).suffix == ".safetensors" else []


def checked_sources(config: Config, dataset: str) -> str:
    """Return the file that says what the raw data of ``dataset`` were found to be."""
    layout = files_of(config)
    return layout.sources if config.data.source == "embedded" else layout.source(dataset)


def shipped_files(root: Path) -> list[Path]:
    """Return the files of the embedded world that data sets are rendered from; none for a folder without them."""
    return [path for path in (root / "emoji.parquet", root / "classes.yaml") if path.is_file()]


def listed_files(config: Config) -> list[str]:
    """Return the lists that downloaded data sets are read with: prompts, names, synsets, splits. None if embedded."""
    if config.data.source == "embedded":
        return []
    return [path for kind in ("*.json", "*.txt", "*.gz") for path in _resources("datasets", kind)]


def published_file(name: str) -> str:
    """Return a table of published numbers that ships with the repository."""
    return _resources("published", f"{name}.csv")[0]


def _resources(folder: str, pattern: str) -> list[str]:
    """Return files of ``resources/<folder>``, relative where they lie below the working folder, as in records."""
    here = Path.cwd().resolve()
    paths = sorted((RESOURCES / folder).glob(pattern))
    return [str(path.relative_to(here)) if path.is_relative_to(here) else str(path) for path in paths]


def clip_is_comparable(config: Config) -> list[str]:
    """Return the file that says whether the untouched CLIP is as good as published, as a list.

    It is empty where nothing published is comparable: with embedded data, or where the images that are scored are not
    the whole test splits at the model's full resolution.
    """
    reading, evaluation = config.reading, config.evaluation
    whole = reading.splits == "official" and not reading.drop and not reading.capped and reading.bottleneck is None
    scored = evaluation.max_images is None and not evaluation.drop_last_batches
    return [files_of(config).clip_check] if config.data.source == "downloaded" and whole and scored else []

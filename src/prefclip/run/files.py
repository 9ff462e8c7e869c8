"""Names of everything that a run makes: one folder for each step below ``results/<experiment>/``.

Every method also accepts Snakemake patterns such as ``"{dataset}"``.
"""

from dataclasses import dataclass
from pathlib import Path

from prefclip.config import Config
from prefclip.files import write_text


@dataclass(frozen=True)
class RunFiles:
    """The files of one run below ``root`` (``results/<experiment>``)."""

    root: str

    def _path(self, *parts: str) -> str:
        return "/".join((self.root, *parts))

    @property
    def config(self) -> str:
        return self._path("config.json")

    def sources(self, dataset: str = "embedded") -> str:
        """The checksums of the raw files of a data set, or of the embedded world."""
        return self._path("sources", dataset, "checksums.json")

    def classes(self, dataset: str) -> str:
        return self._path("data", dataset, "classes.json")

    def images(self, dataset: str) -> str:
        return self._path("data", dataset, "images.npy")

    def canvas(self, dataset: str) -> str:
        """The images that words are written on where a bottleneck reduces those of :meth:`images`."""
        return self._path("data", dataset, "canvas.npy")

    def manifest(self, dataset: str) -> str:
        return self._path("data", dataset, "manifest.parquet")

    def attacked_images(self, dataset: str, words: bool = False) -> str:
        """The attacked twins of all images; with ``words`` the further ones that only some sweeps train on."""
        return self._path(f"attacked{'_words' if words else ''}", dataset, "images.npy")

    def attacked_manifest(self, dataset: str, words: bool = False) -> str:
        return self._path(f"attacked{'_words' if words else ''}", dataset, "manifest.parquet")

    def ink_images(self, dataset: str) -> str:
        """The twins of attacked images whose ink cannot be read."""
        return self._path("ink", dataset, "images.npy")

    def ink_manifest(self, dataset: str) -> str:
        return self._path("ink", dataset, "manifest.parquet")

    def attacked_set(self, dataset: str) -> list[str]:
        """Return all that is read of one data set with typographic images."""
        named = (self.classes, self.images, self.attacked_images, self.manifest, self.attacked_manifest)
        return [path(dataset) for path in named]

    def preferences(self, dataset: str, words: bool = False) -> str:
        return self._path("preferences", f"{dataset}{'.words' if words else ''}.parquet")

    def gender_pairs(self, dataset: str, preference: str) -> str:
        return self._path("gender_preferences", f"{dataset}.{preference}.parquet")

    def reference(self, model: str, dataset: str, words: bool = False) -> str:
        return self._path("reference", model, f"{dataset}{'.words' if words else ''}.safetensors")

    def checkpoint_folder(self, model: str, method: str, seed: object) -> str:
        return self._path("checkpoints", model, method, f"seed{seed}")

    def checkpoint(self, model: str, method: str, seed: object, weights: str = "raw") -> str:
        name = "averaged" if weights == "averaged" else "model"
        return f"{self.checkpoint_folder(model, method, seed)}/{name}.safetensors"

    def training_log(self, model: str, method: str, seed: object) -> str:
        return f"{self.checkpoint_folder(model, method, seed)}/training_log.csv"

    def training_speed(self, model: str, method: str, seed: object) -> str:
        """How fast each step of a training was: the only result that differs from run to run."""
        return f"{self.checkpoint_folder(model, method, seed)}/speed.csv"

    def predictions(self, model: str, method: str, seed: object) -> str:
        return self._path("predictions", model, method, f"seed{seed}.parquet")

    def validation(self, model: str, method: str, seed: object) -> str:
        """The predictions on validation pictures, which settings are chosen by."""
        return self._path("validation", model, method, f"seed{seed}.parquet")

    @property
    def chosen(self) -> str:
        """The settings that the search chose."""
        return self._path("tuning", "chosen.json")

    @property
    def clip_check(self) -> str:
        return self._path("clip_check", "report.json")

    def concept_map(self, model: str, concept: str, seed: object) -> str:
        return self._path("concept_maps", model, concept, f"seed{seed}", "map.safetensors")

    def concept_log(self, model: str, concept: str, seed: object) -> str:
        return self._path("concept_maps", model, concept, f"seed{seed}", "training_log.csv")

    def concept_sweep(self, model: str, concept: str, seed: object) -> str:
        """Numbers of one map at every t, in long form."""
        return self._path("concept_sweeps", model, concept, f"seed{seed}", "sweep.parquet")

    def neutral_scale(self, model: str, concept: str, seed: object) -> str:
        """The neutral t of a gender map."""
        return self._path("concept_sweeps", model, concept, f"seed{seed}", "neutral.json")

    def retrieval(self, model: str, concept: str, seed: object) -> str:
        """The first images of every caption at every t of a gender map."""
        return self._path("concept_sweeps", model, concept, f"seed{seed}", "retrieval.parquet")

    @property
    def map_spectra(self) -> str:
        return self._path("concept_spectra", "spectra.parquet")

    @property
    def map_distances(self) -> str:
        return self._path("concept_spectra", "distances.parquet")

    def saliency(self, model: str, method: str) -> str:
        return self._path("saliency", model, method, "scores.parquet")

    def saliency_maps(self, model: str, method: str) -> str:
        return self._path("saliency", model, method, "maps.safetensors")

    def embeddings(self, model: str, method: str) -> str:
        return self._path("embeddings", model, f"{method}.safetensors")

    def table(self, name: str, form: str = "csv") -> str:
        return self._path("tables", f"{name}.{form}")

    def figure(self, name: str, form: str = "pdf") -> str:
        return self._path("figures", f"{name}.{form}")

    @property
    def summary(self) -> str:
        return self._path("metrics", "summary.json")

    def verdicts(self, ablations: bool = False) -> str:
        """The verdicts on the paper's claims, or on those that need the sweeps."""
        return self._path("claims", f"{'ablations' if ablations else 'claims'}.json")

    @property
    def explorer(self) -> str:
        return self._path("explorer", "explorer.json")

    @property
    def report(self) -> str:
        return self._path("report", "index.html")

    @property
    def ablations_report(self) -> str:
        return self._path("report", "ablations.html")

    def read_config(self) -> Config:
        """Read the resolved configuration that the run was started with. Raises ConfigError where there is none."""
        from prefclip.config import ConfigError, read_config
        from prefclip.datasets.registry import DATASETS

        if not Path(self.config).is_file():
            raise ConfigError(
                f"{self.config}: no such file, so {self.root} is no run; `prefclip init --config FILE` starts one."
            )
        return read_config(self.config, datasets=DATASETS)


def files_of(config: Config) -> RunFiles:
    """Return the files of ``results/<experiment>``."""
    return RunFiles(f"results/{config.experiment}")


def store_config(config: Config) -> RunFiles:
    """Store a configuration, resolved, as ``config.json`` of its run unless it is there. Raises OutputError."""
    files = files_of(config)
    text = config.model_dump_json(indent=2) + "\n"
    path = Path(files.config)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return files

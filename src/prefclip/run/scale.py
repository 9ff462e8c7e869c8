"""How large the run of a configuration is: images, steps and bytes, counted from it and the cards, none measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from prefclip.config import Config
from prefclip.evaluation.metrics import CLEAN
from prefclip.evaluation.selection import image_kinds
from prefclip.preflight.run_files import GB, split_images, stack_bytes
from prefclip.run.plan import method_runs, sweep_runs, trained_runs
from prefclip.training.benchmark import images_per_run, steps_per_epoch, training_images

CLIP = "clip"


@dataclass(frozen=True)
class Scale:
    """What the main tables of a run need; the points of its sweeps are further trainings, and evaluations not counted.

    Attributes:
        training_images: of the training set, as published or configured.
        steps: of each trained method, in one training.
        training_passes: images that one training of a method goes through, clean and attacked.
        trainings: of all methods and seeds; ``passed_in_all``: their images.
        swept: trainings for the sweeps too, those of the main tables among them, 0 without; ``passed_with_sweeps``:
            their images.
        cached: images that the untouched model embeds once for all trainings.
        tested: test images of the sets on which a word is written; ``photographs``: real ones, which bear theirs.
        scored: images that go through the image tower in one evaluation of a method; clean ones through CLIP's, too.
        evaluations: of all methods and seeds, the untouched CLIP's included; ``scored_in_all``: their images.
        checkpoints: files of weights that trainings leave.
        stacks: bytes of the image stacks of the training set, the zero-shot sets, the bias sets and the photographs.
    """

    training_images: int
    steps: Mapping[str, int]
    training_passes: Mapping[str, int]
    trainings: int
    passed_in_all: int
    swept: int
    passed_with_sweeps: int
    cached: int
    tested: int
    photographs: int
    scored: Mapping[str, int]
    evaluations: int
    scored_in_all: int
    checkpoints: int
    stacks: Mapping[str, int]

    def lines(self) -> list[str]:
        """The numbers as a Markdown table."""
        stacks = ", ".join(f"{part} {size / GB:,.1f}" for part, size in self.stacks.items())
        with_sweeps = f"{self.swept:,}, together {self.passed_with_sweeps:,} images"
        rows = [
            ("training images", f"{self.training_images:,}"),
            ("steps of a training", _by_method(self.steps)),
            ("images through a training", _by_method(self.training_passes)),
            ("trainings", f"{self.trainings:,}, together {self.passed_in_all:,} images"),
            *([("with those of the sweeps", with_sweeps)] if self.swept else []),
            ("images embedded once for all trainings", f"{self.cached:,}"),
            ("test images", f"{self.tested:,}, and {self.photographs:,} real photographs"),
            ("images through an evaluation", _by_method(self.scored)),
            ("evaluations", f"{self.evaluations:,}, together {self.scored_in_all:,} images"),
            ("checkpoints", f"{self.checkpoints:,} files"),
            ("image files", f"{sum(self.stacks.values()) / GB:,.1f} GB: {stacks}"),
        ]
        return ["| what | how many |", "|---|---|", *(f"| {what} | {number} |" for what, number in rows)]


def scale_of(config: Config) -> Scale:
    """Count what a run needs, from published numbers of images where the data are downloaded."""
    trained, runs = trained_runs(config), method_runs(config)
    swept = trained_runs(config, sweep_runs(config)) if config.grid_points else []
    methods = list(dict.fromkeys(method for _, method, _ in trained))
    tested = {name: count for name, (count, _) in split_images(config).items()}
    scored = {method: _scored(config, method, tested) for method in dict.fromkeys(method for _, method, _ in runs)}
    sizes = stack_bytes(config)
    passes = {method: images_per_run(config, method) for method in methods}
    parts = {
        "training set": [config.data.train],
        "zero-shot sets": config.data.zero_shot,
        "bias sets": config.data.bias,
    }
    parts |= {"photographs": config.data.real}
    return Scale(
        training_images=training_images(config),
        steps={method: steps_per_epoch(config, method) * config.resolved(method).epochs for method in methods},
        training_passes=passes,
        trainings=len(trained),
        passed_in_all=sum(passes[method] for _, method, _ in trained),
        swept=len(swept),
        passed_with_sweeps=sum(images_per_run(config, method) for _, method, _ in swept),
        cached=training_images(config) * (1 + config.attack.variants),
        tested=sum(tested[name] for name in config.attacked_datasets),
        photographs=sum(tested[name] for name in config.data.real),
        scored=scored,
        evaluations=len(runs),
        scored_in_all=sum(scored[method] for _, method, _ in runs),
        checkpoints=sum(len(config.every_method[method].kept_weights) for _, method, _ in trained),
        stacks={part: sum(sizes[name] for name in names) for part, names in parts.items() if names},
    )


def _scored(config: Config, method: str, tested: Mapping[str, int]) -> int:
    """Images of one evaluation: with each weights every kind, and the clean ones with the untouched model."""
    kinds = {name: image_kinds(config, name) for name in config.datasets}
    clean = sum(tested[name] for name, found in kinds.items() if CLEAN in found)
    others = {name: len(found) - (CLEAN in found) for name, found in kinds.items()}
    words = {name: 1 if name in config.data.real else config.attack.variants for name in kinds}
    attacked = sum(tested[name] * others[name] * words[name] for name in kinds)
    weights = 1 if method == CLIP else len(config.every_method[method].kept_weights)
    return weights * (clean + attacked) + (0 if method == CLIP else clean)


def _by_method(numbers: Mapping[str, int]) -> str:
    """The number if all methods have the same, else each number with its methods."""
    groups: dict[int, list[str]] = {}
    for method, number in numbers.items():
        groups.setdefault(number, []).append(method)
    if len(groups) == 1:
        return f"{next(iter(groups)):,}"
    return "; ".join(f"{number:,} ({', '.join(methods)})" for number, methods in sorted(groups.items()))

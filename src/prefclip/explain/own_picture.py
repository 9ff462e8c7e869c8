"""One picture of a person's own: what the untouched and the tuned models call it, and where they look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prefclip.config import EMBEDDED_MODELS, ModelConfig
from prefclip.datasets.class_lists import ClassList, check_names
from prefclip.datasets.photographs import open_rgb
from prefclip.datasets.squares import resize_and_crop
from prefclip.errors import PrefclipError
from prefclip.evaluation.zero_shot import CHECKPOINT_FILES, checkpoint_files
from prefclip.explain.explanation import explain_pictures, label_probabilities
from prefclip.models.checkpoints import load_checkpoint
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.weight_files import native_image_size
from prefclip.run.files import RunFiles

UNTOUCHED = "untouched"


class OwnPictureError(PrefclipError):
    """Options of `prefclip explain` that do not go together."""


@dataclass(frozen=True)
class Models:
    """The base model, and the checkpoints that were tuned from it, by the names that are shown."""

    base: ModelConfig
    checkpoints: Mapping[str, Path]

    def load(self) -> Iterator[tuple[str, LoadedModel]]:
        """Yield the base model, then the base model with each checkpoint in it.

        Raises ModelError, CheckpointError or TensorFileError naming the file.
        """
        yield UNTOUCHED, load_model(self.base)
        for name, path in self.checkpoints.items():
            # Loaded anew, for a checkpoint replaces only what its method trained.
            loaded = load_model(self.base)
            load_checkpoint(loaded, path)
            yield name, loaded


@dataclass(frozen=True)
class ExplainedPicture:
    """What `prefclip explain` found.

    ``pixels``: the picture as the models see it, uint8 (H, W, 3). ``probabilities``: model → probability of each label
    (K,). ``targets``: places of the labels that maps were made for. ``raised``: model → what raises the logit of each
    target, in the explainer's unit, float32 (targets, H, W), >= 0.
    """

    pixels: NDArray[np.uint8]
    labels: tuple[str, ...]
    probabilities: dict[str, NDArray[np.float64]]
    targets: tuple[int, ...]
    raised: dict[str, NDArray[np.float32]]

    def as_json(self) -> dict:
        """Plain values: probabilities by model and label, each model's answer, and the labels that maps are for."""
        return {
            "labels": list(self.labels),
            "explained": [self.labels[place] for place in self.targets],
            "models": {
                name: {
                    "answer": self.labels[int(found.argmax())],
                    "probabilities": dict(zip(self.labels, found.tolist(), strict=True)),
                }
                for name, found in self.probabilities.items()
            },
        }


def select_models(
    model: str | None,
    weights: str | None,
    checkpoints: Sequence[Path],
    run: Path | None,
    methods: Sequence[str],
    seed: int | None,
) -> Models:
    """The models that the options of `prefclip explain` name: those of a run, or a base model and checkpoints.

    The embedded model needs no weights. Of a run, ``methods`` are shown, all if none, with averaged weights where they
    average, of its first seed unless ``seed`` is given. Raises OwnPictureError for options that do not go together,
    ModelError, ConfigError or EvaluationError naming the option, file or method.
    """
    if run is None:
        if methods or seed is not None:
            raise OwnPictureError("--method and --seed: need --run, the folder of the run that they belong to.")
        return _named_models(model or EMBEDDED_MODELS[0], weights, checkpoints)
    if model or weights or checkpoints:
        raise OwnPictureError(
            "--run: has a model and checkpoints of its own; leave out the other options that name them."
        )
    return _models_of_run(run, methods, seed)


def _named_models(model: str, weights: str | None, checkpoints: Sequence[Path]) -> Models:
    if weights is None and model not in EMBEDDED_MODELS:
        raise OwnPictureError(f"--weights: say which ones of {model}: a safetensors file or a pretrained tag.")
    chosen = {"name": model, "weights": weights or f"resources/embedded/{model}.safetensors"}
    size = {} if model in EMBEDDED_MODELS else {"image_size": native_image_size(model)}
    return Models(ModelConfig(**chosen, **size), dict(zip(_short_names(checkpoints), checkpoints, strict=True)))


def _models_of_run(run: Path, methods: Sequence[str], seed: int | None) -> Models:
    layout = RunFiles(str(run))
    config = layout.read_config()
    seed = config.seeds[0] if seed is None else seed
    checkpoints = {}
    for method in methods or config.methods:
        folder = layout.checkpoint_folder(config.model.key, method, seed)
        checkpoints[method] = list(checkpoint_files(config, method, folder).values())[-1]
    return Models(config.model, checkpoints)


def explain_own_picture(
    picture: Path, labels: Sequence[str], models: Models, template: str, target: str | None, explainer: str
) -> ExplainedPicture:
    """Ask all models what a picture shows and where they look for ``target``, or else for each of their answers.

    The picture's shorter side is scaled to the model's size and the centre cut out, as CLIP does.

    Raises PrefclipError naming the picture, option or file that does not do.
    """
    names = check_names([label.strip() for label in labels], "--labels")
    if template.count("{}") != 1:
        raise OwnPictureError(f"--template: {template!r} must hold {{}} once, for the label.")
    if target is not None and target not in names:
        raise OwnPictureError(f"--target: {target!r} is none of the labels; allowed: {', '.join(names)}.")
    pixels = np.array(resize_and_crop(open_rgb(picture), models.base.image_size))
    classes = ClassList("labels", "own", names, template)
    probabilities = {name: label_probabilities(loaded, pixels[None], classes)[0] for name, loaded in models.load()}
    answers = [int(found.argmax()) for found in probabilities.values()]
    targets = tuple(dict.fromkeys(answers)) if target is None else (names.index(target),)
    repeated = np.repeat(pixels[None], len(targets), axis=0)
    raised = {}
    for name, loaded in models.load():
        found = explain_pictures(loaded, repeated, classes, targets, explainer)
        raised[name] = np.stack([one.saliency * np.float32(one.strength) for one in found])
    return ExplainedPicture(pixels, names, probabilities, targets, raised)


def _short_names(checkpoints: Sequence[Path]) -> list[str]:
    """``<method>/seed<k>/<weights>`` for a file of a run, else its name, or the whole path where names are the same.

    Raises OwnPictureError for a file named twice.
    """
    of_runs = CHECKPOINT_FILES.values()
    names = ["/".join(path.with_suffix("").parts[-3:]) if path.name in of_runs else path.stem for path in checkpoints]
    if len({UNTOUCHED, *names}) <= len(names):
        names = [str(path) for path in checkpoints]
    if len(set(names)) < len(names):
        raise OwnPictureError("--checkpoint: a file is named twice; name each once.")
    return names

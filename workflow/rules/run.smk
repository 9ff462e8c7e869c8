# The checked settings, the names of the run's files, and the lists of them that several stages ask for.
import json
import sys
from pathlib import Path

from prefclip.errors import PrefclipError
from prefclip.layout import write_resolved_config

try:
    settings, run = write_resolved_config(dict(config), "configuration")
except PrefclipError as error:
    sys.exit(f"prefclip: {error}")

gpus = 0 if settings.data.source == "embedded" else 1
averaged_methods = [name for name, method in settings.methods.items() if method.averaging]
other_methods = [name for name in settings.methods if name not in averaged_methods]


def run_folder(wildcards):
    """Return the folder of the run, for the command lines."""
    return run.root


def section(*names, method=None):
    """Return settings as text in a fixed order; as a parameter they make a job run again when they change."""
    values = settings.model_dump(mode="json", include=set(names))
    if method is not None:
        values["method"] = settings.methods[method].model_dump(mode="json")
    return json.dumps(values, sort_keys=True)


def model_weights(wildcards):
    """Return the base model's weights as an input where they are a file, not a name on a hub."""
    return [settings.model.weights] if Path(settings.model.weights).suffix == ".safetensors" else []


def checkpoints(wildcards):
    """Return the tuned weights that an evaluation needs: none for the untouched CLIP."""
    if wildcards.method == "clip":
        return []
    kinds = ["raw", "averaged"] if wildcards.method in averaged_methods else ["raw"]
    return [run.checkpoint(wildcards.model, wildcards.method, wildcards.seed, kind) for kind in kinds]


def every_run(pattern, untouched=True):
    """Return one file for each method and seed; the untouched CLIP has no seed to vary."""
    model = settings.model.key
    first = [pattern(model, "clip", 0)] if untouched else []
    return first + [pattern(model, method, seed) for method in settings.methods for seed in settings.seeds]


def figure_inputs(wildcards):
    """Return the files that a figure is drawn from."""
    return {
        "accuracy_bars": lambda: every_run(run.predictions),
        "training_curves": lambda: every_run(run.training_log, untouched=False),
        "retention_boxes": lambda: every_run(run.predictions),
        "attack_examples": lambda: every_run(run.predictions)
        + [
            named(settings.data.train)
            for named in (run.images, run.attacked_images, run.manifest, run.attacked_manifest, run.classes)
        ],
    }[wildcards.figure]()

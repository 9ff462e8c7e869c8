# The checked settings, the names of the run's files, and the lists of them that several stages ask for.
import json
import os
import sys
from pathlib import Path

from prefclip.config import check_config
from prefclip.errors import PrefclipError
from prefclip.layout import (
    CONCEPT_TABLES,
    SWEEP_TABLES,
    checked_sources,
    clip_checks,
    concept_results,
    concept_runs,
    concept_sweep_files,
    concept_tables,
    concept_training_files,
    explored_checkpoints,
    image_settings,
    layout_of,
    listed_files,
    method_runs,
    published_file,
    saliency_dataset,
    scored_files,
    shipped_files,
    store_config,
    sweep_runs,
    training_files,
    weights_files,
)
from prefclip.lineage.record import record_name
from prefclip.lineage.sources import rule_sources
from prefclip.reporting.figures import figure_names, leaf
from prefclip.reporting.table_inputs import table_inputs, table_names
from prefclip.training.launch import launcher

try:
    settings = check_config(dict(config), ", ".join(map(str, workflow.configfiles)) or "--config")
except PrefclipError as error:
    sys.exit(f"prefclip: {error}")

run = layout_of(settings)

# A job that is submitted again is a new one to Slurm; the lineage records say which attempt it was.
if "SLURM_JOB_ID" in os.environ and "--attempt" in sys.argv:
    os.environ |= {"PREFCLIP_ATTEMPT": sys.argv[sys.argv.index("--attempt") + 1]}

# A step frees its activations and asks for them again: glibc would hand the pages back each time, a sixth of a CPU's time.
for threshold in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
    os.environ.setdefault(threshold, str(2**30))


# Commands read the run's own copy of the settings; a dry run leaves it alone.
onstart:
    store_config(settings)


averaged_methods = [name for name, method in settings.every_method.items() if method.averaging]
other_methods = [name for name in settings.every_method if name not in averaged_methods]


def section(*names, method=None, **parts):
    """Return settings as text in a fixed order; as a parameter they make a job run again when they change.

    ``parts`` are sections of which only some keys count; ``method`` adds what is particular to one method.
    """
    values = settings.model_dump(mode="json", include={**dict.fromkeys(names, True), **parts})
    if method is not None:
        values["method"] = settings.every_method[method].model_dump(mode="json")
    return json.dumps(values, sort_keys=True)


def growing(embedded, downloaded):
    """Return memory (MB) or time (minutes) for the embedded world or for real data sets; it grows with each attempt."""
    first = embedded if settings.data.source == "embedded" else downloaded

    def amount(wildcards, attempt):
        return first * attempt

    return amount


def launcher_of(wildcards, resources):
    """Return what starts the processes of a job; changing it does not make a finished job run again."""
    return launcher(resources.gpu, resources.get("nodes", 1), resources.get("mpi"))


def run_folder(wildcards):
    """Return the folder of the run, for the command lines."""
    return run.root


def sources_of(stage):
    """Return the source files that a command depends on, so that a change of them runs its jobs again."""
    return rule_sources(stage)


def records_of(*paths):
    """Return the lineage records of artifacts."""
    return [record_name(path) for path in paths]


def checkpoints(wildcards):
    """Return the tuned weights that an evaluation needs: none for the untouched CLIP."""
    if wildcards.method == "clip":
        return []
    kept = settings.every_method[wildcards.method].kept_weights
    return [run.checkpoint(wildcards.model, wildcards.method, wildcards.seed, kind) for kind in kept]


def inputs_of_training(wildcards):
    """Return the images and pairs that a method is trained on."""
    return training_files(settings, run, wildcards.method)


def scored_images(wildcards):
    """Return the files of the data sets that a run is scored on."""
    return scored_files(settings, run, wildcards.method, int(wildcards.seed))


def explained_checkpoints(wildcards):
    """Return the tuned weights of all seeds that saliency is measured with: averaged where the method averages."""
    if wildcards.method == "clip":
        return []
    shown = settings.every_method[wildcards.method].kept_weights[-1]
    return [run.checkpoint(wildcards.model, wildcards.method, seed, shown) for seed in settings.seeds]


def inputs_of_table(wildcards):
    """Return the files that a table is made from."""
    return table_inputs(settings, run, wildcards.table)


def inputs_of_figure(wildcards):
    """Return the files that a figure is drawn from."""
    return leaf(wildcards.figure).reads(settings, run)


def everything(wildcards):
    """Return what `all` makes; that rule comes last."""
    return rules.all.input

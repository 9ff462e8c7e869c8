# The checked settings, and what the rules share. What a step reads, writes and depends on is declared in prefclip.run.steps.
import os
import sys

from prefclip.config import check_config
from prefclip.datasets.registry import DATASETS
from prefclip.errors import PrefclipError
from prefclip.lineage.project import Project
from prefclip.lineage.versions.pipeline import check_described
from prefclip.reporting.figures import figure_names
from prefclip.reporting.tables import table_names
from prefclip.run.files import files_of, store_config
from prefclip.run.plan import base_weights, clip_is_comparable
from prefclip.run.steps import rule_of
from prefclip.training.launch import launcher

try:
    settings = check_config(dict(config), ", ".join(map(str, workflow.configfiles)) or "--config", DATASETS)
    figure_names(settings), table_names(settings)  # a half-written one is said here
except PrefclipError as error:
    sys.exit(f"prefclip: {error}")

run = files_of(settings)

# A job that is submitted again is a new one to Slurm; the lineage records say which attempt it was.
if "SLURM_JOB_ID" in os.environ and "--attempt" in sys.argv:
    os.environ |= {"PREFCLIP_ATTEMPT": sys.argv[sys.argv.index("--attempt") + 1]}

# A step frees its activations and asks for them again: glibc would hand the pages back each time, a sixth of a CPU's time.
for threshold in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
    os.environ.setdefault(threshold, str(2**30))


# Commands read the run's own copy of the settings; a dry run leaves it alone.
onstart:
    store_config(settings)


def declared(step, **fixed):
    """Return what the rule of a step unpacks; ``fixed`` are those of its fields that are no wildcards."""
    return rule_of(settings, step, **fixed)


def shown(rule, role, caption, category, **labels):
    """Return the outputs of a rule, one of them shown in Snakemake's report."""
    marked = report(rule.output[role], caption=f"../report/{caption}.rst", category=category, labels=labels)
    return {**rule.output, role: marked}


def one_of(names):
    """Return the wildcard constraint for some names; nothing fits that for none."""
    return "|".join(names) or "(?!)"


def growing(embedded, downloaded):
    """Return memory (MB) or time (minutes) for the embedded world, or few images, or for real data sets.

    It grows with each attempt.
    """
    few = settings.data.source == "embedded" or settings.reading.max_images is not None
    first = embedded if few else downloaded

    def amount(wildcards, attempt):
        return first * attempt

    return amount


# Random weights rehearse a run: on a CPU, whatever a profile asks for.
gpus = 0 if settings.model.is_random else 1
if not gpus:
    workflow.resource_settings.overwrite_resources.clear()
    workflow.resource_settings.overwrite_threads.clear()


def launcher_of(wildcards, resources):
    """Return what starts the processes of a job; changing it does not make a finished job run again."""
    return launcher(resources.gpu, resources.get("nodes", 1), resources.get("mpi"))


def everything(wildcards):
    """Return what `all` makes; that rule comes last."""
    return rules.all.input


def recordable(wildcards):
    """Return what `all` makes, unless dvc.yaml describes another run: that is said before any job starts."""
    try:
        return check_described(Project.around(), run.root) or everything(wildcards)
    except PrefclipError as error:
        sys.exit(f"prefclip: {error}")

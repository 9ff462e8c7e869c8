"""``dvc.yaml``: what the workflow makes as stages of DVC, one for each rule.

Snakemake is the only executor. The stages are written from its jobs, so that the two cannot disagree: dependencies,
parameters and outputs are those of the rules, source files and lineage records included. Every output persists, for DVC
must not delete what Snakemake would not make again.
"""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS
from prefclip.files import write_text
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.workflow_graph import DEFAULT_CONFIG, Job, config_option, workflow_jobs
from prefclip.run.files import files_of
from prefclip.run.plan import trained_runs

DVC_FILE = "dvc.yaml"
HEADER = """\
# The milestones of the workflow, written by `prefclip dvc write`; do not edit. Snakemake runs them, DVC versions what
# they make: `snakemake --cores 2 record`, then `git add dvc.lock` and `dvc push`; `prefclip restore` brings it back.
"""
# Names of the stages; a rule that is not named here gives its own name.
MILESTONES = {
    "check_sources": "sources",
    "build_manifest": "data",
    "synthesise_attacks": "attacks",
    "build_pairs": "preferences",
    "cache_reference": "reference",
    "train_policy": "train",
    "train_policy_without_averaging": "train_without_averaging",
    "derive_weights": "derive",
    "evaluate_model": "evaluate",
    "pair_genders": "gender_preferences",
    "train_concept": "concepts",
    "sweep_concept": "reading_sweeps",
    "sweep_gender": "gender_sweeps",
    "measure_spectra": "spectra",
    "make_concept_table": "concept_tables",
    "draw_concept_figure": "concept_figures",
    "measure_saliency": "saliency",
    "make_table": "tables",
    "summarise_metrics": "metrics",
    "draw_figure": "figures",
    "explore_images": "explorer",
    "build_report": "report",
}


def pipeline_text(project: Project, config_file: str = DEFAULT_CONFIG) -> str:
    """Return the text of ``dvc.yaml`` for a configuration. Raises LineageError, or ConfigError for a bad one."""
    jobs = workflow_jobs(project, config_file)
    stages = {MILESTONES.get(rule, rule): _stage(group, jobs, project, config_file) for rule, group in _by_rule(jobs)}
    config = read_config(project.root / config_file, datasets=DATASETS)
    layout = files_of(config)
    logs = [layout.training_log(*run) for run in trained_runs(config)]
    title = "Loss of each training run"
    curves = {"training_loss": {"title": title, "x": "step", "y": dict.fromkeys(logs, "loss")}}
    outputs = [output for job in jobs for output in job.outputs]
    content = {
        "params": [config_file],
        "metrics": [layout.summary],
        "plots": [curves, *sorted(output for output in outputs if output.endswith(".png"))],
        "artifacts": _artifacts(jobs),
        "stages": stages,
    }
    text = yaml.dump(content, Dumper=_Plain, sort_keys=False, width=80, default_flow_style=None, allow_unicode=True)
    return HEADER + text


def write_pipeline(project: Project, config_file: str = DEFAULT_CONFIG) -> Path:
    """Write ``dvc.yaml`` and return its path."""
    path = project.root / DVC_FILE
    write_text(path, pipeline_text(project, config_file))
    return path


def check_pipeline(project: Project, config_file: str) -> None:
    """Raise LineageError unless ``dvc.yaml`` is what the workflow gives for a configuration."""
    path = project.root / DVC_FILE
    wanted = pipeline_text(project, config_file)
    found = path.read_text(encoding="utf-8") if path.is_file() else ""
    if found == wanted:
        return
    old, new = set(found.splitlines()), wanted.splitlines()
    first = next((line.strip() for line in new if line not in old), "lines that are no longer needed")
    raise LineageError(
        f"{DVC_FILE}: does not fit the workflow with {config_file} (first difference: {first}); "
        f"run `prefclip dvc write --configfile {config_file}` and commit it."
    )


def described_config(project: Project) -> str:
    """Return the configuration file whose run ``dvc.yaml`` describes. Raises LineageError where it names none."""
    path = project.root / DVC_FILE
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return str(content["params"][0])
    except FileNotFoundError as error:
        raise LineageError(f"{DVC_FILE}: no such file in {project.root}; `prefclip dvc write` makes it.") from error
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, IndexError, TypeError) as error:
        raise LineageError(f"{DVC_FILE}: names no configuration; `prefclip dvc write` makes it again.") from error


def _by_rule(jobs: Iterable[Job]) -> list[tuple[str, list[Job]]]:
    """Return the jobs of each rule, in the order of MILESTONES; rules without a place there come last."""
    groups: dict[str, list[Job]] = {rule: [] for rule in MILESTONES}
    for job in jobs:
        groups.setdefault(job.rule, []).append(job)
    return [(rule, group) for rule, group in groups.items() if group]


def _stage(group: list[Job], jobs: list[Job], project: Project, config_file: str) -> dict[str, Any]:
    """One stage, with a key for each job where all jobs read and write the same files but for their wildcards."""
    outside = [path for path in group[0].inputs if path.startswith(("/", "../"))]
    if outside:
        raise LineageError(
            f"{DVC_FILE}: the rule {group[0].rule} reads {outside[0]}, which lies outside {project.root}; "
            "DVC can only follow files of the repository (is prefclip installed from it?)."
        )
    patterns = sorted({pattern for job in jobs for pattern in job.patterns if "{" in pattern})
    common = set.intersection(*(set(job.inputs) for job in group))
    templates = [_templates(job, common, patterns) for job in group]
    grid = _grid(group)
    stage: dict[str, Any] = {}
    if grid and None not in templates and len(set(map(frozenset, templates))) == 1:
        stage["matrix"] = grid
        inputs, outputs = templates[0], [_for_dvc(pattern) for pattern in group[0].patterns]
    else:
        made = {output for job in group for output in job.outputs}
        inputs = list(dict.fromkeys(path for job in group for path in job.inputs if path not in made))
        outputs = [output for job in group for output in job.outputs]
    inputs.sort(key=lambda path: path.startswith("src/"))  # data before code
    target = outputs[0] if "matrix" in stage or len(group) == 1 else f"--until {group[0].rule}"
    command = ["snakemake --cores all", target, *config_option(config_file)]
    stage |= {"cmd": " ".join(command), "deps": inputs}
    params = _params(group, project, config_file, keyed="matrix" in stage)
    if params:
        stage["params"] = [{config_file: params}]
    stage["outs"] = [{output: {"persist": True}} for output in outputs]
    return stage


def _grid(group: list[Job]) -> dict[str, list]:
    """Return the values of each wildcard, or nothing where the jobs are not all their combinations."""
    values: dict[str, dict[str, None]] = {}
    for job in group:
        for name, value in job.wildcards.items():
            values.setdefault(name, {})[value] = None
    if not values or math.prod(map(len, values.values())) != len(group):
        return {}
    # Numbers as numbers; 007 is a name.
    return {name: [int(one) if one == str(_number(one)) else one for one in found] for name, found in values.items()}


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _templates(job: Job, common: set[str], patterns: Sequence[str]) -> list[str] | None:
    """Return the inputs of a job, those of it alone as patterns; None where an input has no pattern."""
    found = []
    for path in job.inputs:
        fitting = [path] if path in common else [one for one in patterns if _fill(one, job.wildcards) == path]
        if not fitting:
            return None
        found.append(_for_dvc(fitting[0]) if path not in common else path)
    return found


def _fill(pattern: str, wildcards: dict[str, str]) -> str | None:
    try:
        return pattern.format_map(wildcards)
    except (KeyError, IndexError, ValueError):
        return None


def _for_dvc(pattern: str) -> str:
    return re.sub(r"\{(\w+)\}", r"${item.\1}", pattern)


def _params(group: list[Job], project: Project, config_file: str, keyed: bool) -> list[str]:
    """Return the keys that make jobs run again; sections that the file leaves at their defaults cannot be named."""
    written = yaml.safe_load((project.root / config_file).read_text(encoding="utf-8"))
    names = {"method": "methods.${item.method}" if keyed else "methods"}
    sections = dict.fromkeys(section for job in group for section in job.sections)
    return [names.get(one, one) for one in sections if names.get(one, one).split(".")[0] in written]


def _artifacts(jobs: list[Job]) -> dict[str, dict]:
    """Return the checkpoints as a model registry shows them."""
    artifacts = {}
    for job in jobs:
        for output in job.outputs:
            path = Path(output)
            if path.suffix == ".safetensors" and {"method", "seed"} <= set(job.wildcards):
                model, method, seed = (job.wildcards[name] for name in ("model", "method", "seed"))
                weights = "averaged" if path.stem == "averaged" else "raw"
                name = re.sub(r"[^a-z0-9]+", "-", f"{model}-{method}-seed{seed}-{weights}".lower())
                artifacts[name] = {
                    "path": output,
                    "type": "model",
                    "desc": f"{model} tuned with {method}, seed {seed}, {weights} weights",
                    "labels": [model, method, weights],
                }
    return artifacts


class _Plain(yaml.SafeDumper):
    """Without anchors for lists that occur twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

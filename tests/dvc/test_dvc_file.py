"""dvc.yaml fits every run: its folders, edges, parameters and commands are those that the steps declare."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cloned_repository import ROOT, Repository, copy_repository
from dvc_pipeline import Pipeline, declared_jobs, read_pipeline

from prefclip.config import Config, read_config
from prefclip.datasets.registry import DATASETS
from prefclip.lineage.project import Project
from prefclip.lineage.versions.milestones import is_below, made_files
from prefclip.lineage.versions.pipeline import run_vars, written_vars
from prefclip.run.files import files_of
from prefclip.run.plan import listed_files, shipped_files

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc")

# Runs of all steps and of few, on rendered and on downloaded images, and the folders that stay empty.
MAPS = {"concept_maps", "concept_sweeps", "concept_spectra", "gender_preferences"}
RUNS = {
    "embedded": {"attacked_words"},
    "everything": set(),
    "bare": {"attacked_words", "saliency", *MAPS},
}


@dataclass(frozen=True)
class Described:
    """A configuration, and what DVC makes of dvc.yaml for it."""

    name: str
    config: Config
    pipeline: Pipeline
    repository: Repository

    @property
    def folder(self) -> str:
        return files_of(self.config).root

    @property
    def settings(self) -> str:
        return files_of(self.config).config


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Described]:
    """The runs by name, each described when it is asked for."""
    return Descriptions(tmp_path_factory)


@pytest.fixture(params=RUNS)
def run(request, runs) -> Described:
    return runs[request.param]


class Descriptions(dict):
    """Copies of the repository whose dvc.yaml was written for one of RUNS."""

    def __init__(self, folders: pytest.TempPathFactory):
        super().__init__()
        self.folders = folders

    def __missing__(self, name: str) -> Described:
        repository = copy_repository(self.folders.mktemp(name))
        values = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
        if name == "everything":
            values["methods"]["dpo"]["words"] = 3
            values["methods"]["between"] = {"kind": "interpolated", "parameters": {"of": "dpo"}}
        else:
            values = {key: values[key] for key in values if key not in ("concepts", "saliency")}
            values["evaluation"] = {"max_images": 100}
        file = f"config/{name}.yaml"
        if name != "embedded":
            repository.path(file).write_text(yaml.safe_dump(values))
        repository.run("prefclip", "dvc", "write", "--configfile", file)
        config = read_config(repository.path(file), datasets=DATASETS)
        self[name] = Described(name, config, read_pipeline(repository.root), repository)
        return self[name]


def test_it_fits_on_a_page():
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 120


def test_its_vars_are_those_of_the_configuration_that_it_names():
    """If this fails: `prefclip dvc write`, and commit dvc.yaml."""
    found = written_vars(Project(ROOT))
    assert found == run_vars(found["config"], read_config(ROOT / found["config"], datasets=DATASETS))


def test_it_names_neither_source_files_nor_data_sets():
    text = (ROOT / "dvc.yaml").read_text()
    assert "src/" not in text and ".py" not in text
    assert not [name for name in DATASETS if re.search(rf"\b{name}\b", text)]


def test_outputs_are_the_folders_of_the_steps(run):
    """Every file has one milestone; a folder is written into, or empty as a step is left out. All of them persist."""
    folders = {out for stage in run.pipeline.stages.values() for out in stage.stored}
    homes = {path: {out for out in folders if is_below(path, out)} for path in made_files(run.config)}
    assert all(len(found) == 1 for found in homes.values())
    written = set.union(*homes.values())
    assert {out.removeprefix(f"{run.folder}/") for out in folders - written} == RUNS[run.name]
    assert homes[run.settings] == {run.settings} and all(out not in homes for out in folders - {run.settings})
    for stage in run.pipeline.stages.values():
        assert stage.persisting == stage.outputs


def test_the_run_is_what_snakemake_makes(run):
    planned = run.repository.run("snakemake", "--summary", "all", "--configfile", f"config/{run.name}.yaml").stdout
    files = {line.split("\t")[0] for line in planned.splitlines()[1:]}
    assert files | {run.settings} == made_files(run.config)


def test_a_job_is_made_by_one_milestone_from_what_it_declares(run):
    shipped = {path for dataset in run.config.datasets for path in listed_files(run.config, dataset)}
    shipped |= set(shipped_files(Path(run.config.data.root)))
    edges = set()
    for job in declared_jobs(run.config):
        (name,) = {maker for path in job.output.values() for maker in run.pipeline.makers(path)}
        stage = run.pipeline.stages[name]
        for path in job.inputs:
            (maker,) = run.pipeline.makers(path) or [None]
            if maker != name and path not in shipped:
                assert stage.reads(path), (name, path)
                edges |= {(name, maker)} if maker else set()
    assert edges <= run.pipeline.edges and len(edges) > 30


def test_nothing_is_depended_on_in_vain(runs):
    run = runs["everything"]
    in_vain: dict[str, set[str]] = {}
    for stage in run.pipeline.stages.values():
        jobs = [
            job
            for job in declared_jobs(run.config)
            if stage.name in run.pipeline.makers(*list(job.output.values())[:1])
        ]
        unread = {
            dep for dep in stage.dependencies if not any(is_below(path, dep) for job in jobs for path in job.inputs)
        }
        in_vain[stage.milestone] = in_vain.get(stage.milestone, unread) & unread
    # The first two read the configuration and raw data. The base model is a tag, which the locked packages explain.
    del in_vain["settings"], in_vain["sources"]
    assert set().union(*in_vain.values()) == {"envs/requirements.lock", run.settings}


def test_parameters_are_those_that_the_steps_declare(run):
    keys = declared_keys(run)
    for stage in run.pipeline.stages.values():
        assert set(stage.parameters) <= {run.settings}
        named = stage.parameters.get(run.settings, ())
        assert all(in_file(key, run.config) for key in named), stage.name
        if run.settings not in stage.dependencies:
            assert not [key for key in keys[stage.name] if not any(related(key, one) for one in named)], stage.name


def test_no_parameter_is_named_in_vain(runs):
    run = runs["everything"]
    keys = declared_keys(run)
    for stage in run.pipeline.stages.values():
        for one in stage.parameters.get(run.settings, ()):
            used = any(related(one, key) or related(key, one) for key in keys[stage.name])
            # Which maps there are decides which captions are paired.
            assert used or (stage.milestone, one) == ("preferences", "concepts")


def declared_keys(run: Described) -> dict[str, set[str]]:
    """The keys of the configuration that decide what the jobs of each stage write."""
    keys = {name: set() for name in run.pipeline.stages}
    for job in declared_jobs(run.config):
        (name,) = run.pipeline.makers(next(iter(job.output.values())))
        keys[name] |= {key for key in job.settings if in_file(key, run.config)}
    return keys


def related(key: str, section: str) -> bool:
    return key == section or key.startswith(f"{section}.")


def in_file(key: str, config: Config) -> bool:
    value = config.plain
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def test_only_snakemake_makes_results(run):
    rules = set(run.repository.run("snakemake", "--list-rules").stdout.split())
    start = f"snakemake --configfile config/{run.name}.yaml --cores all "
    for stage in run.pipeline.stages.values():
        assert "${" not in stage.cmd
        if stage.milestone in ("settings", "raw"):
            continue
        command = stage.cmd.rpartition("&& ")[2]
        assert command.startswith(start), stage.name
        for word in command.removeprefix(start).split():
            known = word in ("--until", "--omit-from", "--force") or word in rules
            assert known or run.pipeline.makers(word) == [stage.name], (stage.name, word)


def test_metrics_plots_and_artifacts_are_files_of_every_run(run):
    made = made_files(run.config)
    content = yaml.safe_load(run.repository.path("dvc.yaml").read_text())
    (variables,) = content["vars"]
    named = [*content["metrics"], *(one for one in content["plots"] if isinstance(one, str))]
    assert {one.replace("${run}", run.folder) for one in named} | set(variables["curves"]) <= made
    assert len(variables["curves"]) == sum(method.is_trained for method in run.config.methods.values())


def test_raw_sets_are_watched_once_and_not_stored(run):
    raw = [stage for stage in run.pipeline.stages.values() if stage.milestone == "raw"]
    folders = {str(DATASETS[name].path_in("data")) for name in run.config.datasets} if raw else set()
    assert sorted(out for stage in raw for out in stage.outputs) == sorted(folders)
    assert not any(stage.stored for stage in raw) and bool(raw) == (run.config.data.source == "downloaded")
    for stage in run.pipeline.stages.values():
        if stage.milestone == "sources":
            assert stage.dependencies <= (folders or {run.config.data.root})

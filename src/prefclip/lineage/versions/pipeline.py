"""``dvc.yaml``: written by hand but for its ``vars``, which say in what one run differs from others."""

import re
import shlex
import textwrap
from pathlib import Path
from typing import Any

import yaml

from prefclip.config import Config, read_config
from prefclip.datasets.own_folders import own_cards
from prefclip.datasets.registry import DATASETS
from prefclip.files import write_text
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.surroundings import LOCK_FILE
from prefclip.run.files import files_of
from prefclip.run.plan import base_weights, clip_is_comparable

DVC_FILE = "dvc.yaml"
VARS = re.compile(r"^vars:.*\n(?:[ \t]+\S.*\n)*", re.MULTILINE)


def run_vars(config_file: str, config: Config) -> dict[str, Any]:
    """Return the vars of ``dvc.yaml`` for a configuration, given by its file's name and as what was read from it.

    ``raw`` and ``sources`` are the folders of the raw data by data set; ``raw`` names those that are not in git, each
    folder once. ``base`` is the base model's file; a tag means what the locked packages say it means. ``derived`` names
    the trained method that others are computed from.
    """
    files, model, root = files_of(config), config.model.key, config.data.root
    trained = [name for name, method in config.methods.items() if method.is_trained]
    sources, raw = {"embedded": root}, {}
    if config.data.source == "downloaded":
        sources = {name: str(DATASETS[name].path_in(root)) for name in config.datasets if name not in config.data.own}
        raw = {next(name for name in sources if sources[name] == folder): folder for folder in sources.values()}
    sources |= {name: card.folder for name, card in own_cards(config).items() if name in config.datasets}
    return {
        "run": files.root,
        "config": config_file,
        "make": f"snakemake --configfile {shlex.quote(config_file)} --cores all",
        "model": model,
        "base": (base_weights(config) or [LOCK_FILE])[0],
        "methods": trained,
        "seeds": list(config.seeds),
        "derived": {
            f"{name}-{seed}": {"method": name, "of": method.builds_on[0], "seed": seed}
            for name, method in config.methods.items()
            for seed in config.seeds
            if method.builds_on
        },
        "root": root,
        "raw": raw,
        "sources": sources,
        "checked": [Path(files.clip_check).parent.name] if clip_is_comparable(config) else [],
        "curves": {files.training_log(model, name, config.seeds[0]): "loss" for name in trained},
    }


def written_vars(project: Project) -> dict[str, Any]:
    """Return the vars that ``dvc.yaml`` has. Raises LineageError where there are none."""
    try:
        found = yaml.safe_load(_vars_block(project)[0])["vars"][0]
        return {**found, "config": str(found["config"])}
    except (yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise _no_vars() from error


def write_vars(project: Project, config_file: str) -> Path:
    """Set the vars of ``dvc.yaml`` for a configuration; nothing else in the file changes. Returns its path."""
    config = read_config(project.root / config_file, datasets=DATASETS)
    block, text = _vars_block(project)
    values = yaml.safe_dump(run_vars(config_file, config), sort_keys=False, default_flow_style=None, width=130)
    path = project.root / DVC_FILE
    write_text(path, text.replace(block, "vars:\n  - " + textwrap.indent(values, "    ").lstrip()))
    return path


def check_described(project: Project, run: str | Path) -> None:
    """Raise LineageError unless ``dvc.yaml`` describes the run in a folder."""
    if project.name(run) != (described := written_vars(project).get("run")):
        raise LineageError(
            f"{run}: {DVC_FILE} describes {described}; for another run, `prefclip dvc write --configfile FILE` first."
        )


def described_run(project: Project) -> tuple[str, Config]:
    """Return the configuration whose run ``dvc.yaml`` describes: its file's name and what was read from it.

    Raises LineageError unless the vars fit, and ConfigError for a bad configuration.
    """
    found = written_vars(project)
    config_file = found["config"]
    config = read_config(project.root / config_file, datasets=DATASETS)
    for name, value in run_vars(config_file, config).items():
        if found.get(name) != value:
            raise LineageError(
                f"{DVC_FILE}: its var {name} is {found.get(name)!r}, with {config_file} it should be {value!r}; "
                f"run `prefclip dvc write --configfile {config_file}` and commit it."
            )
    return config_file, config


def _vars_block(project: Project) -> tuple[str, str]:
    """Return the text of the vars, and of the whole file."""
    try:
        text = (project.root / DVC_FILE).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise LineageError(f"{DVC_FILE}: no such file in {project.root}; `git checkout -- {DVC_FILE}`.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise LineageError(f"{DVC_FILE}: cannot be read ({error}); `git checkout -- {DVC_FILE}`.") from error
    block = VARS.search(text)
    if block is None:
        raise _no_vars()
    return block[0], text


def _no_vars() -> LineageError:
    return LineageError(f"{DVC_FILE}: has no vars that name a configuration; `git checkout -- {DVC_FILE}`.")

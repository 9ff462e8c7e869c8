"""slurm/config.yaml as far as the preflight needs it: what jobs will ask the cluster for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from prefclip.errors import PrefclipError


class ProfileError(PrefclipError):
    """The Snakemake profile is missing or not readable."""


@dataclass(frozen=True)
class JobRequest:
    """What the jobs called ``title`` ask for; None where the profile says nothing."""

    title: str
    partition: str | None
    account: str | None
    constraint: str | None
    gpus: int = 0
    gpu_model: str | None = None
    cpus_per_gpu: int = 0

    def options(self) -> list[str]:
        """Options of sbatch, as snakemake-executor-plugin-slurm writes them."""
        found = []
        for option, value in (("-A", self.account), ("-p", self.partition), ("-C", self.constraint)):
            found += [option, value] if value else []
        if self.gpus:
            model = f"{self.gpu_model}:" if self.gpu_model else ""
            found += [f"--gpus={model}{self.gpus}", "--nodes=1"]
            found += [f"--cpus-per-gpu={self.cpus_per_gpu}"] if self.cpus_per_gpu > 0 else []
        return found


@dataclass(frozen=True)
class SiteProfile:
    """A profile for Slurm.

    ``requests`` are those of jobs without and with GPUs, equal ones once; ``status_command`` is sacct, squeue or None
    where the plugin chooses; ``config`` the run's configuration that the profile selects.
    """

    path: Path
    requests: tuple[JobRequest, ...]
    status_command: str | None
    config: Path | None


def read_profile(path: str | Path) -> SiteProfile:
    """Read ``config.yaml`` of a profile, or the one in its folder. Raises ProfileError naming the file."""
    path = Path(path)
    path = path / "config.yaml" if path.is_dir() else path
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProfileError(f"{path}: no such profile; run this in the repository, or give --profile.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path}: not a readable YAML file ({str(error).splitlines()[0]}).") from error
    if not isinstance(values, dict):
        raise ProfileError(f"{path}: expected a mapping of Snakemake's options; see slurm/config.yaml.")
    chosen = values.get("configfile")
    config = _text(chosen[0] if isinstance(chosen, list) and chosen else chosen)
    status_command = _text(values.get("slurm-status-command"))
    return SiteProfile(path, _requests(values, path), status_command, Path(config) if config else None)


def _requests(values: dict, path: Path) -> tuple[JobRequest, ...]:
    defaults = _pairs(values.get("default-resources"), path)
    rules = {} if values.get("set-resources") is None else values["set-resources"]
    if not isinstance(rules, dict):
        raise ProfileError(f"{path}: set-resources has to be a mapping of rules; see slurm/config.yaml.")
    by_request: dict[JobRequest, list[str]] = {_request(defaults): []}
    for rule, changed in rules.items():
        by_request.setdefault(_request({**defaults, **_pairs(changed, path)}), []).append(rule)
    plain, *others = by_request
    named = replace(plain, title="jobs without GPUs" if others else "jobs")
    return (named, *(replace(request, title=", ".join(by_request[request])) for request in others))


def _request(resources: dict[str, Any]) -> JobRequest:
    model = _text(resources.get("gpu_model"))
    # Rules declare `gpu: 1` themselves; the profile names the model, and the number only where it is another one.
    gpus = _number(resources.get("gpu"), 1 if model else 0)
    return JobRequest(
        "",
        _text(resources.get("slurm_partition")),
        _text(resources.get("slurm_account")),
        _text(resources.get("constraint")),
        gpus,
        model if gpus else None,
        _number(resources.get("cpus_per_gpu"), 0) if gpus else 0,
    )


def _pairs(value: Any, path: Path) -> dict[str, Any]:
    """A mapping, or a list of "name=value"."""
    if isinstance(value, list) and all("=" in str(entry) for entry in value):
        return dict(str(entry).split("=", 1) for entry in value)
    if value is None or isinstance(value, dict):
        return dict(value or {})
    raise ProfileError(f"{path}: resources have to be a mapping, got {value!r}; see slurm/config.yaml.")


def _text(value: Any) -> str | None:
    return str(value).strip("'\"") if value not in (None, "", []) else None


def _number(value: Any, otherwise: int) -> int:
    return int(value) if str(value).isdigit() else otherwise

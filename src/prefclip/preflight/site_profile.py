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
    """What one kind of job asks for.

    Attributes:
        title: which jobs.
        partition, account, constraint: as in the profile; None where it says nothing.
        gpus, gpu_model, cpus_per_gpu: 0, None and 0 for jobs without a GPU.
    """

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

    Attributes:
        path: of the file.
        requests: of jobs without and with GPUs; equal ones once.
        status_command: ``sacct``, ``squeue`` or None where the plugin chooses.
        config: the run's configuration that the profile selects.
    """

    path: Path
    requests: tuple[JobRequest, ...]
    status_command: str | None
    config: Path | None


def read_profile(path: str | Path) -> SiteProfile:
    """Read ``config.yaml`` of a profile, or the one in its folder.

    Raises ProfileError naming the file.
    """
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
    return SiteProfile(
        path,
        _requests(values, path),
        _text(values.get("slurm-status-command")),
        Path(config) if (config := _first(values.get("configfile"))) else None,
    )


def _requests(values: dict, path: Path) -> tuple[JobRequest, ...]:
    defaults = _pairs(values.get("default-resources"), path)
    by_request: dict[JobRequest, list[str]] = {_request("", defaults): []}
    for rule, changed in _mapping(values.get("set-resources"), path).items():
        request = _request("", {**defaults, **_pairs(changed, path)})
        by_request.setdefault(request, []).append(rule)
    plain, *others = by_request
    named = [replace(plain, title="jobs without GPUs" if others else "jobs")]
    return (*named, *(replace(request, title=", ".join(by_request[request])) for request in others))


def _request(title: str, resources: dict[str, Any]) -> JobRequest:
    model = _text(resources.get("gpu_model"))
    # Rules declare `gpu: 1` themselves; the profile names the model, and the number only where it is another one.
    gpus = _number(resources.get("gpu"), 1 if model else 0)
    return JobRequest(
        title,
        _text(resources.get("slurm_partition")),
        _text(resources.get("slurm_account")),
        _text(resources.get("constraint")),
        gpus,
        model if gpus else None,
        _number(resources.get("cpus_per_gpu"), 0) if gpus else 0,
    )


def _mapping(value: Any, path: Path) -> dict:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProfileError(f"{path}: set-resources has to be a mapping of rules; see slurm/config.yaml.")
    return value


def _pairs(value: Any, path: Path) -> dict[str, Any]:
    """A mapping, or a list of "name=value"."""
    if isinstance(value, list) and all("=" in str(entry) for entry in value):
        return dict(str(entry).split("=", 1) for entry in value)
    if value is None or isinstance(value, dict):
        return dict(value or {})
    raise ProfileError(f"{path}: resources have to be a mapping, got {value!r}; see slurm/config.yaml.")


def _first(value: Any) -> str | None:
    return _text(value[0] if isinstance(value, list) and value else value)


def _text(value: Any) -> str | None:
    return str(value).strip("'\"") if value not in (None, "", []) else None


def _number(value: Any, otherwise: int) -> int:
    return int(value) if str(value).isdigit() else otherwise

"""The machine and the moment of a run: what is written down but does not decide the result."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from prefclip.lineage.hashing import hash_file, usable_cores
from prefclip.lineage.project import Project

LOCK_FILE = "envs/requirements.lock"
SLURM_VARIABLES = ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_PARTITION")


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def resolved_command(project: Project, arguments: list[str] | None = None) -> list[str]:
    """Return the command line, with the program by its name and files of the repository by theirs."""
    arguments = list(sys.argv if arguments is None else arguments)
    root = str(project.root)
    return [
        Path(word).name if place == 0 else word.replace(root + os.sep, "").replace(root, ".")
        for place, word in enumerate(arguments)
    ]


def lock_entry(project: Project) -> dict | None:
    """Return path, hash and size of the lock file, if there is one."""
    lock = hash_file(project.open, LOCK_FILE)
    return None if lock.problem else {"path": LOCK_FILE, "sha256": lock.sha256, "size": lock.size}


def slurm_job() -> dict[str, str]:
    """Return the Slurm job and its attempt, empty outside of Slurm. Workflows may set PREFCLIP_ATTEMPT themselves."""
    found = {name.removeprefix("SLURM_").lower(): os.environ[name] for name in SLURM_VARIABLES if name in os.environ}
    attempt = os.environ.get("PREFCLIP_ATTEMPT")
    if attempt is None and found:
        attempt = str(int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0) + 1)
    return {**found, "attempt": attempt} if attempt else found


def hardware() -> dict:
    """Return processor, GPUs and driver; the GPU is asked only where the run has loaded torch."""
    found: dict = {
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": usable_cores(),
        "gpus": [],
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = str(torch.__version__)
        if torch.cuda.is_available():
            found["gpus"] = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
            found["cuda"] = torch.version.cuda
            found["driver"] = _driver()
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _driver() -> str:
    try:
        words = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return "unknown"
    return next((word for word in words if word.count(".") >= 1 and word.replace(".", "").isdigit()), "unknown")

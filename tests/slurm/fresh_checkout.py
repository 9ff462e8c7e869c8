"""A fresh copy of the repository to run in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("Snakefile", "config", "envs", "pyproject.toml", "resources", "slurm", "src", "workflow")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info")


class Checkout:
    """A copy of the repository, as a fresh clone would be; its own code runs, and its own slurm/ is found."""

    def __init__(self, folder: Path, *path: Path):
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name, **({"ignore": LEFT_OUT} if source.is_dir() else {}))
        places = [*path, Path(sys.executable).parent]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SNAKEMAKE_"))},
            "PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]]),
            "PYTHONPATH": str(folder / "src"),
            "OMP_NUM_THREADS": "1",
            "XDG_CONFIG_HOME": str(folder / "no-settings-of-this-user"),
        }

    def start(self, *command: str, log: str = "run.log") -> subprocess.Popen:
        """Start a command in the copy; what it prints goes to a file there."""
        with (self.folder / log).open("wb") as stream:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=stream, stderr=subprocess.STDOUT
            )

    def run(self, *command: str, timeout: float = 240) -> subprocess.CompletedProcess:
        """Run a command in the copy; stdout and stderr together."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )

    def change_profile(self, before: str, after: str) -> None:
        """Edit slurm/config.yaml as a user would."""
        path = self.folder / "slurm/config.yaml"
        text = path.read_text()
        assert text.count(before) == 1, before
        path.write_text(text.replace(before, after))

    def write_config(self, name: str, **changes: object) -> str:
        """Write a reduced embedded configuration; returns the file's name."""
        whole = yaml.safe_load((ROOT / "config/embedded.yaml").read_text())
        # Nothing is studied beyond accuracy.
        values = {key: whole[key] for key in ("protocol", "data", "attack", "model", "training", "methods")}
        values["data"] |= {"zero_shot": ["plants"], "bias": []}
        values["data"] |= {"train_images": 256, "validation_images": 64, "test_images": 64}
        values["training"]["epochs"] = 1
        values["methods"] = {name: values["methods"][name] for name in ("ce", "dpo")}
        values |= {"experiment": "reduced", "seeds": [0], **changes}
        (self.folder / name).write_text(yaml.safe_dump(values, sort_keys=False))
        return name

"""The whole workflow on a few images, in a copy of the repository that tests may change."""

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "experiment": "smoke",
    "data": {
        "zero_shot": ["plants", "activities"],
        "bias": ["people"],
        "train_images": 128,
        "validation_images": 64,
        "test_images": 64,
    },
    "training": {"epochs": 1, "batch_size": 64, "learning_rate": 1e-3},
    "evaluation": {"bootstrap_samples": 50},
    "methods": {"ce": {"objective": "ce", "averaging": False}, "dpo": {"objective": "dpo"}},
    "seeds": [0],
}
DATASETS = ("animals", "plants", "activities", "people")
RUN = "results/smoke"


@dataclass(frozen=True)
class Answer:
    """What a command said, and the time it took: by the clock, and on all cores (of every job that it waited for)."""

    code: int
    output: str
    seconds: float
    cpu_seconds: float

    @property
    def jobs(self) -> dict[str, int]:
        """Number of jobs of each rule that a dry run announces, without the collecting ones."""
        counts = re.findall(r"^(\w+) +(\d+)$", self.output.partition("Job stats:")[2].partition("total ")[0], re.M)
        return {rule: int(count) for rule, count in counts if rule != "all"}


@dataclass
class Checkout:
    """A copy of what a run needs; ``settings`` is its configuration file."""

    folder: Path
    settings: dict = field(default_factory=lambda: SETTINGS)

    def copy(self) -> "Checkout":
        """Fill the folder from the repository. Local profiles and results stay behind."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "Snakefile", self.folder)
        for name in ("workflow", "config", "envs", "resources/embedded"):
            shutil.copytree(ROOT / name, self.folder / name)
        self.configure(self.settings)
        return self

    def configure(self, settings: dict, name: str = "smoke") -> str:
        """Write a configuration file and return its name."""
        path = f"config/{name}.yaml"
        (self.folder / path).write_text(yaml.safe_dump(settings))
        return path

    def snakemake(self, *arguments: str, config: str | None = "config/smoke.yaml") -> Answer:
        """Run Snakemake there."""
        command = [str(Path(sys.executable).with_name("snakemake")), *arguments]
        command += ["--configfile", config] if config else []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
        environment.pop("SNAKEMAKE_PROFILE", None)
        before, start = _used(), time.monotonic()
        run = subprocess.run(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return Answer(run.returncode, run.stdout, time.monotonic() - start, _used() - before)

    def dry_run(self, **changes: object) -> Answer:
        """What would run with some sections of the configuration changed."""
        config = self.configure({**self.settings, **changes}, "changed")
        answer = self.snakemake("--dry-run", config=config)
        assert answer.code == 0, answer.output
        return answer

    def files(self, *patterns: str) -> dict[str, bytes]:
        """Files of the run, by their name."""
        found = [path for pattern in patterns for path in (self.folder / RUN).glob(pattern)]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

"""A fresh copy of the repository to run in, stand-ins for Slurm's programs, and a real Slurm of one node."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from one_node_cluster import OneNodeCluster

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
        values = yaml.safe_load((ROOT / "config/embedded.yaml").read_text())
        values["data"] |= {"zero_shot": ["plants"], "bias": []}
        values["data"] |= {"train_images": 256, "validation_images": 64, "test_images": 64}
        values["training"]["epochs"] = 1
        values["methods"] = {name: values["methods"][name] for name in ("ce", "dpo")}
        values |= {"experiment": "reduced", "seeds": [0], **changes}
        (self.folder / name).write_text(yaml.safe_dump(values, sort_keys=False))
        return name


@pytest.fixture
def checkout(tmp_path):
    return Checkout(_made(tmp_path / "checkout"))


STAND_INS = {
    # The outputs of a job appear at once: those of its rule, as the file `outputs.json` says.
    "sbatch": """
        words = sys.argv[1:]
        comment = words[words.index("--comment") + 1]
        rule = re.fullmatch("rule_(.+?)(_wildcards_.*)?", comment).group(1)
        jobs = HERE / "jobs.jsonl"
        with jobs.open("a") as stream:
            stream.write(json.dumps({"rule": rule, "words": words}) + "\\n")
        asked = [json.loads(line)["rule"] for line in jobs.read_text().splitlines()]
        if asked.count(rule) <= json.loads((HERE / "refusals.json").read_text()).get(rule, 0):
            sys.exit("sbatch: error: not this time")
        make_outputs([rule])
        print(len(asked))
    """,
    "sacct": """
        if "Account%256" not in sys.argv:
            count = len((HERE / "jobs.jsonl").read_text().splitlines())
            print("\\n".join(f"{number}|COMPLETED" for number in range(1, count + 1)))
    """,
    "sacctmgr": "",
    "sshare": "",
    "scancel": "",
    "squeue": "",
    "scontrol": 'print("MinJobAge               = 300 sec")',
    "sinfo": 'print("PARTITION\\ngpu*")',
    # Rules that are not submitted run here: nothing is fetched or drawn. Their name is in the path of their log.
    "prefclip": """
        log = Path(os.readlink("/proc/self/fd/1")).with_suffix("")
        make_outputs([part for part in log.parts if part in OUTPUTS])
    """,
}
STAND_IN = """#!{python}
import json, os, re, sys
from pathlib import Path
HERE = Path({folder!r})
OUTPUTS = json.loads((HERE / "outputs.json").read_text())

def make_outputs(rules):
    for path in (Path(name) for rule in rules for name in OUTPUTS[rule]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

{body}
"""


class StandIns:
    """Programs that play Slurm and note what they were asked."""

    def __init__(self, folder: Path):
        self.folder = _made(folder)
        (folder / "jobs.jsonl").touch()
        (folder / "outputs.json").write_text("{}")
        self.refuse({})
        for name, body in STAND_INS.items():
            lines = "\n".join(line[8:] if line.startswith(" " * 8) else line for line in body.splitlines())
            path = folder / name
            path.write_text(STAND_IN.format(python=sys.executable, folder=str(folder), body=lines))
            path.chmod(0o755)

    def refuse(self, times: dict[str, int]) -> None:
        """Let sbatch refuse the first jobs of some rules."""
        (self.folder / "refusals.json").write_text(json.dumps(times))

    def learn_outputs(self, summary: str, dry_run: str, folder: Path) -> set[str]:
        """Take each rule's outputs from what `snakemake --summary` and `--dry-run` print; returns the rules."""
        by_rule: dict[str, list[str]] = {}
        for line in summary.splitlines():
            fields = line.split("\t")  # output, date, rule, logs, status, plan
            if len(fields) == 6 and fields[0] != "output_file":
                by_rule.setdefault(fields[2], []).append(fields[0])
        (self.folder / "outputs.json").write_text(json.dumps(by_rule))
        # Snakemake lists no benchmarks, but each is called as its log is.
        for log in re.findall(r"> logs/(\S+)\.log", dry_run):
            benchmark = folder / f"benchmarks/{log}.tsv"
            _made(benchmark.parent)
            benchmark.touch()
        return set(by_rule)

    def jobs(self) -> list[dict]:
        """What was submitted: rule and words of the command line."""
        return [json.loads(line) for line in (self.folder / "jobs.jsonl").read_text().splitlines()]


@pytest.fixture
def stand_ins(tmp_path):
    return StandIns(tmp_path / "stand-ins")


@pytest.fixture
def submitting(tmp_path, stand_ins):
    """A copy of the repository where the stand-ins play Slurm."""
    return Checkout(_made(tmp_path / "checkout"), stand_ins.folder)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A running Slurm."""
    reason = OneNodeCluster.why_not()
    if reason:
        pytest.skip(reason)
    with OneNodeCluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""A fresh copy of the repository to run in, stand-ins for Slurm's programs, and a real Slurm of one node."""

import json
import re
import signal
import sys
from pathlib import Path

import pytest
from fresh_checkout import Checkout
from one_node_cluster import OneNodeCluster


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
    # Rules that are not submitted run here: nothing is fetched or drawn. The command says which step it is.
    "prefclip": """
        make_outputs([sys.argv[1].replace("-", "_")])
    """,
}
STAND_IN = """#!{python}
import json, re, sys
from pathlib import Path
HERE = Path({folder!r})
OUTPUTS = json.loads((HERE / "outputs.json").read_text())

def make_outputs(rules):
    for path in (Path(name) for rule in rules for name in OUTPUTS.get(rule, ())):
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
        by_step: dict[str, list[str]] = {}
        step_of = _steps_of_rules(folder)
        for line in summary.splitlines():
            fields = line.split("\t")  # output, date, rule, logs, status, plan
            if len(fields) == 6 and fields[0] != "output_file":
                by_rule.setdefault(fields[2], []).append(fields[0])
                by_step.setdefault(step_of.get(fields[2], ""), []).append(fields[0])
        (self.folder / "outputs.json").write_text(json.dumps(by_step | by_rule))
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
    # A terminated test run ends as an interrupted one: it stops what it started.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with OneNodeCluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running
    signal.signal(signal.SIGTERM, before)


def _steps_of_rules(folder: Path) -> dict[str, str]:
    """The step that the shell line of each rule starts, but for variants of other rules."""
    text = "\n".join(path.read_text() for path in sorted((folder / "workflow/rules").glob("*.smk")))
    steps = dict(re.findall(r'^(\w+) = declared\("(\w+)"', text, flags=re.M))
    blocks = [block.partition(":") for block in re.split(r"^rule ", text, flags=re.M)[1:]]
    return {
        name: steps[variable]
        for name, _, body in blocks
        for variable in re.findall(r"^    shell:\n        (\w+)\.shell\b", body.partition("\nrule ")[0], flags=re.M)
    }


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

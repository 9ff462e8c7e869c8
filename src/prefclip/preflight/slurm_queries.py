"""What Slurm's own commands say about a cluster, parsed."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

ANSWER_WITHIN_S = 30
NO_ANSWER = 124
NODE_FORMAT = "%P|%a|%l|%D|%c|%m|%G|%f"
GPUS = re.compile(r"\bgpu(?::([A-Za-z][\w.]*))?:(\d+)")


@dataclass(frozen=True)
class Answer:
    """Exit code and text of a command; code 127 if it is not there, 124 if it did not answer in time."""

    code: int
    text: str
    errors: str

    @property
    def message(self) -> str:
        """The last line that says something, errors first."""
        lines = [line.strip() for line in (self.errors or self.text).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


def ask(command: Sequence[str], within_s: float = ANSWER_WITHIN_S) -> Answer:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=within_s, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return Answer(127, "", f"{command[0]}: not found")
    except subprocess.TimeoutExpired:
        return Answer(NO_ANSWER, "", f"{command[0]} did not answer within {within_s:.0f} s")
    except OSError as error:
        return Answer(126, "", f"{command[0]}: {error.strerror}")
    return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class NodeGroup:
    """Nodes of one partition that are alike: how many, and what each has at least.

    ``time_limit`` is as Slurm writes it, such as 2-00:00:00 or infinite; ``gpus`` are counts of each node by model, ""
    where Slurm was not told; ``features`` what a constraint may ask for.
    """

    partition: str
    is_default: bool
    is_up: bool
    time_limit: str
    nodes: int
    cpus: int
    memory_mb: int
    gpus: dict[str, int] = field(default_factory=dict)
    features: frozenset[str] = frozenset()


def node_groups() -> tuple[list[NodeGroup], Answer]:
    """Ask sinfo for all partitions and their nodes; empty where it does not answer."""
    answer = ask(["sinfo", "-h", "-o", NODE_FORMAT])
    if answer.code:
        return [], answer
    return [_group(line) for line in answer.text.splitlines() if line.count("|") == NODE_FORMAT.count("|")], answer


def _group(line: str) -> NodeGroup:
    partition, up, limit, nodes, cpus, memory, gres, features = line.strip().split("|")
    gpus: dict[str, int] = {}
    for model, count in GPUS.findall(gres):
        gpus[model] = gpus.get(model, 0) + int(count)
    return NodeGroup(
        partition.rstrip("*"),
        partition.endswith("*"),
        up == "up",
        limit,
        _leading_number(nodes),
        _leading_number(cpus),
        _leading_number(memory),
        gpus,
        frozenset(features.split(",")) - {"(null)", ""},
    )


def _leading_number(text: str) -> int:
    """Slurm writes ``64+`` where nodes differ."""
    found = re.match(r"\d+", text)
    return int(found.group()) if found else 0


def controller_settings() -> dict[str, str]:
    """What `scontrol show config` says; empty where it does not answer."""
    lines = ask(["scontrol", "show", "config"]).text.splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {name.strip(): value.strip() for name, value in pairs}

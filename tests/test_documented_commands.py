"""What documents, comments and advice tell a reader to type exists: commands are parsed, workflows planned."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest
import typer.main
import yaml

from prefclip.cli import app
from prefclip.config import check_config
from prefclip.datasets.fetch import manual_instructions
from prefclip.datasets.registry import DOWNLOADED_DATASETS
from prefclip.reporting.claims.judging import read_verdicts
from prefclip.reporting.claims.ledger import shipped_ledger
from prefclip.reporting.claims.views import rerun_command, trace_command
from prefclip.run.files import RunFiles

sys.path.append(str(Path(__file__).parent / "workflow"))
from smoke_run import Checkout

ROOT = Path(__file__).resolve().parents[1]
EXTENDING = ROOT / "docs/extending.md"  # test_extending.py writes its files and gives its commands
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), ROOT / "config/README.md"]
# Files whose comments name commands: whole lines, a note set off by spaces, and spans between backticks.
COMMENTED = [*sorted(ROOT.glob("config/*.yaml")), ROOT / "slurm/config.yaml", ROOT / "workflow/Snakefile"]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
OWN = {"prefclip", "snakemake", "make", "dvc"}
STARTERS = {"torchrun", "srun"}  # of one of our commands
OTHERS = {".", "cd", "cp", "git", "openssl", "hf", "pytest", "$EDITOR"}
# Neither in the repository nor made by a rule: what a reader has or makes, and what commands leave beside the outputs.
ELSEWHERE = re.compile(r"data/.*|\.venv/bin/activate|results/[^/]+/(config\.json|scratch/)|benchmarks/train\.json")


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in FENCED.findall(page.read_text(encoding="utf-8")) if name == language]


def spans(page: Path) -> list[str]:
    """Code inside sentences, each in one line."""
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def split_commands(line: str) -> list[list[str]]:
    """The words of each command of a line of a shell, without comments, loops and redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set(";&|"):
            commands.append([])
        elif word not in ("do", "done"):
            commands[-1].append(word)
    return [list(takewhile(lambda word: word != ">", words)) for words in commands if words and words[0] != "for"]


def comments(path: Path) -> list[str]:
    """Commands in the comments of a file."""
    told = re.findall(r"^ *# *(.*)", path.read_text(encoding="utf-8"), re.M)
    return [re.split("  +", line)[0] for line in told] + re.findall(r"`([^`]+)`", "\n".join(told))


def commands_of(page: Path) -> list[list[str]]:
    """The words of every command: all in a block of a shell, and spans or comments that start with one of ours."""
    lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
    for words in map(str.split, comments(page) if page in COMMENTED else spans(page)):
        if words and (words[0] in OWN or (words[0] in STARTERS and OWN & set(words))):
            lines.append(" ".join(words))
    return [words for line in lines for words in split_commands(line)]


def documented() -> list:
    """The words of every command, with its page as its name."""
    found = [(page.relative_to(ROOT), words) for page in (*PAGES, *COMMENTED) for words in commands_of(page)]
    found += [("config/claims.yaml", words) for line in of_the_ledger() for words in split_commands(line)]
    return [pytest.param(words, id=f"{name}: {' '.join(words)}") for name, words in found]


def of_the_ledger() -> list[str]:
    """The commands that pages compose from the ledger: of experiments, and of claims to make and to trace them."""
    experiments, run = shipped_ledger().experiments, "results/embedded"
    lines = [f"snakemake --cores 2 {each.target} --configfile {each.config}" for each in experiments.values()]
    stored = RunFiles(str(ROOT / "results/reference/embedded"))
    verdicts = [read_verdicts(stored.verdicts(ablations)) for ablations in (False, True)]
    for judged in (judged for each in verdicts for judged in each.judged):
        if judged.claim.experiment:
            lines.append(rerun_command(judged, experiments[judged.claim.experiment], run))
        lines += [trace_command(cell.table, cell.place, run) for each in judged.verdicts for cell in each.cells]
    return list(dict.fromkeys(lines))


@cache
def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


@cache
def rule_names() -> set[str]:
    files = [ROOT / "workflow/Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return set(re.findall(r"^(?:use rule \w+ as|rule) (\w+)", text, re.M))


@cache
def outputs() -> frozenset[str]:
    """Every file that the default configuration makes, below the folder of its run."""
    command = [Path(sys.executable).with_name("snakemake"), "--summary", "all", "ablations", "tune", "pretrain"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return frozenset(line.split("\t")[0].split("/", 2)[2] for line in run.stdout.splitlines()[1:])


def is_there(name: str) -> bool:
    """Say whether a name is in the repository, or made by a rule; ``<word>`` and ``*`` stand for anything."""
    if ELSEWHERE.fullmatch(name) or any(list(folder.glob(name)) for folder in (ROOT, ROOT / "config")):
        return True
    below = re.sub(r"^results/(?!reference/)[^/]+(/|$)", "", name).rstrip("/")
    pattern = re.sub(r"<\w+>|\*", "[^/]*", below.replace(".", r"\."))
    return not below or any(re.fullmatch(pattern + r"([./].*)?", output) for output in outputs())


def command_exists(words: list[str]) -> bool:
    """Say whether `prefclip` has the command with these options and arguments; a name alone is a mention of it."""
    command = root = typer.main.get_command(app)
    every = [root]
    for one in every:
        one.callback = lambda **_: None
        every += getattr(one, "commands", {}).values()
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    if command is not None:
        return True
    with pytest.raises(SystemExit) as end:
        root.main(args=words, prog_name="prefclip")
    return end.value.code == 0


@pytest.mark.parametrize("words", documented())
def test_the_command_exists(words):
    if words[0] in STARTERS:
        words = words[next(place for place, word in enumerate(words) if word in OWN) :]
    program, *rest = words
    if program == "prefclip":
        assert command_exists(rest)
    elif program == "snakemake":
        from snakemake.cli import get_argument_parser

        options = get_argument_parser().parse_args(rest)
        assert {target for target in options.targets if "/" not in target} <= rule_names()
        assert {str(path) for path in options.configfile or () if not is_there(str(path))} <= {"my.yaml", "desk.yaml"}
        assert [name for name in options.profile or () if not (ROOT / name / "config.yaml").is_file()] == []
    elif program == "make":
        assert set(rest) <= make_targets()
    elif program == "dvc":
        from dvc.cli.parser import get_main_parser

        get_main_parser().parse_args(rest)
    else:
        assert program in OTHERS, "an unknown program"
    named = [word for word in rest if "/" in word and not word.startswith("-") and program not in ("git", "hf")]
    assert [word for word in named if not is_there(word)] == []


@pytest.mark.parametrize("name", [name for name, card in DOWNLOADED_DATASETS.items() if card.route == "manual"])
def test_commands_that_advice_names_exist(name):
    named = re.findall(r"prefclip (.+)", manual_instructions(DOWNLOADED_DATASETS[name], "data"))
    assert named and all(command_exists(shlex.split(words)) for words in named)


def planned() -> list:
    """Every command of Snakemake, once; `record` after the command that its page has for the vars of dvc.yaml."""
    found = {}
    # A report is made of a finished run, and environments only where conda is.
    left_out = {"--report", *(() if shutil.which("conda") else ("conda",))}
    for page in (*PAGES, *COMMENTED):
        before = []
        for words in commands_of(page):
            if words[:3] == ["prefclip", "dvc", "write"]:
                before = [words]
            elif words[0] == "snakemake" and not left_out & set(words) and page != EXTENDING:
                steps = [*(before if "record" in words else []), words]
                found.setdefault(" && ".join(map(" ".join, steps)), steps)
    return [pytest.param(steps, id=name) for name, steps in found.items()]


@pytest.mark.slow
@pytest.mark.parametrize("steps", planned())
def test_workflows_can_be_planned(steps, tmp_path):
    """Every documented `snakemake …` ends well as a dry run in a fresh checkout."""
    checkout = Checkout(tmp_path / "repository").copy().folder
    shutil.copytree(ROOT / "slurm", checkout / "slurm")
    shutil.copy2(ROOT / "dvc.yaml", checkout)
    embedded = (checkout / "config/embedded.yaml").read_text(encoding="utf-8")
    (checkout / "my.yaml").write_text(embedded.replace("experiment: embedded", "experiment: mine"), encoding="utf-8")
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for program, *rest in steps:
        dry = ["--dry-run"] * (program == "snakemake" and not {"-n", "--dry-run"} & set(rest))
        run = subprocess.run(
            [programs / program, *rest, *dry], cwd=checkout, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
    paths = [span for span in spans(page) if re.fullmatch(r"[\w.<>*-]+/[\w.<>*/-]*", span) and page != EXTENDING]
    assert [path for path in paths if not is_there(path)] == []


def test_what_is_not_there_is_found():
    """The tests above would say nothing if they took everything for granted."""
    assert not command_exists(["train", "results/embedded"]) and not command_exists(["audit", "verify", "--quick"])
    assert not command_exists(["trains"]) and not is_there("results/embedded/tables/nothing.csv")
    assert is_there("results/mine/tables/typographic.csv") and not is_there("results/reference/embedded/nothing")
    assert split_commands("a b && c # d") == [["a", "b"], ["c"]]


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").iterdir()), ids=lambda path: path.name)
def test_hosted_tests_run_targets_of_the_makefile(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    runs = [step["run"].split() for job in jobs for step in job["steps"] if "run" in step]
    assert runs and all(words[0] == "make" and set(words[1:]) <= make_targets() for words in runs)


def test_documented_settings_are_accepted():
    embedded = yaml.safe_load((ROOT / "config/embedded.yaml").read_text(encoding="utf-8"))
    texts = [text for page in PAGES if page != EXTENDING for text in blocks(page, "yaml")]
    profile = (ROOT / "slurm/config.yaml").read_text(encoding="utf-8")
    settings = [text for text in texts if text not in profile]
    assert 0 < len(settings) < len(texts)
    for text in settings:
        check_config({**embedded, **yaml.safe_load(text)}, text)


def test_documented_code_runs():
    import torch

    logits = torch.randn(4, 3, 5, requires_grad=True)
    names = dict(zip(("policy_clean", "policy_attacked", "reference_clean", "reference_attacked"), logits, strict=True))
    names |= {"true_label": torch.tensor([0, 1, 2]), "written_label": torch.tensor([1, 2, 3])}
    (code,) = blocks(ROOT / "README.md", "python")
    exec(code, names)
    assert logits.grad[:2].abs().sum() > 0
    promised = re.search(r"also: ([\w, ]+)", code)[1].split(", ")
    assert all(hasattr(names["value"], name) for name in promised)

"""The command line itself: help everywhere, usage errors, one line and exit code 1 for what a user can cause."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from typer.testing import CliRunner

from prefclip.cli import app

PREFCLIP = Path(sys.executable).with_name("prefclip")


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group, with the words that call it."""

    def below(command, words):
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from below(inner, (*words, name))

    yield from below(typer.main.get_command(app), ())


def given(*arguments: str, **options) -> subprocess.CompletedProcess:
    """The installed command, in a process of its own."""
    return subprocess.run([PREFCLIP, *arguments], capture_output=True, text=True, **options)


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_explains_itself(words, command):
    answer = CliRunner().invoke(app, [*words, "--help"])
    assert answer.exit_code == 0 and "Usage:" in answer.output
    assert command.help and len(command.help) > 15
    silent = [parameter.name for parameter in command.params if not getattr(parameter, "help", None)]
    assert silent == [], f"parameters without help: {silent}"


def test_every_stage_is_there():
    names = {" ".join(words) for words, _ in commands()}
    stages = "fetch manifest attacks pairs reference train evaluate table figure compare pretrain attack init"
    assert set(stages.split()) <= names and "config check" in names and "world build-images" in names


@pytest.mark.parametrize(
    "words",
    [
        ["trane"],
        ["train", "results/tiny"],
        ["train", "results/tiny", "dpo", "--sead", "1"],
        ["train", "results/tiny", "dpo", "--seed", "-1"],
        ["train", "results/tiny", "dpo", "--seed", "one"],
        ["attack", "picture.png", "--word", "cat"],
        ["evaluate", "results/tiny", "clip", "--threads", "0"],
    ],
    ids=" ".join,
)
def test_usage_errors_are_explained(words):
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2 and "Usage:" in answer.output and "Traceback" not in answer.output


def test_the_installed_command():
    shown = given("--help")
    assert shown.returncode == 0 and "evaluate" in shown.stdout and shown.stderr == ""


def test_errors_are_one_line_on_standard_error(tmp_path):
    run = given("init", "--config", "no.yaml", cwd=tmp_path)
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr == "prefclip: no.yaml: no such configuration file; config/embedded.yaml is the default.\n"
    assert list(tmp_path.iterdir()) == []


def test_configurations_can_be_checked_and_explained(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("experiment: mine\nmethods: {dpo: {objective: dpo}}\n")
    sound = CliRunner().invoke(app, ["config", "check", str(path)])
    assert sound.exit_code == 0 and sound.output == "results/mine\n"
    schema = CliRunner().invoke(app, ["config", "schema"])
    assert "methods" in json.loads(schema.output)["required"]


@pytest.mark.parametrize(
    ("name", "weights", "complaint"),
    [
        ("ViT-B-32", "openai", "was trained with QuickGELU but ViT-B-32 has GELU; use model.name ViT-B-32-quickgelu"),
        ("ViT-B-23", "openai", "open_clip has no architecture 'ViT-B-23'; nearest: ViT-B-32"),
        ("ViT-B-32", "opanai", "'opanai' is neither a file nor a tag of ViT-B-32; allowed: "),
        ("ViT-B-32-quickgelu", "openai", ""),
        ("ViT-B-32", "weights.safetensors", ""),
        ("ViT-B-32", "random", ""),
    ],
)
def test_a_configuration_names_a_model_and_weights_that_fit(tmp_path, name, weights, complaint):
    path = tmp_path / "mine.yaml"
    path.write_text(f"experiment: mine\nmethods: {{}}\nmodel: {{name: {name}, weights: {weights}, image_size: 224}}\n")
    answer = CliRunner().invoke(app, ["config", "check", str(path)])
    assert (answer.exit_code, answer.output) == ((1, "") if complaint else (0, "results/mine\n"))
    assert complaint in str(answer.exception or "")


def test_start_up_is_quick():
    """Commands import what they need when they need it: torch alone takes seconds."""
    code = "import sys, prefclip.cli; print(*({'torch', 'pandas', 'pyarrow', 'matplotlib', 'PIL'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""

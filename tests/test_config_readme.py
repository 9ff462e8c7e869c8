"""config/README.md says what the typed model says."""

import re
from pathlib import Path

from typer.testing import CliRunner

from prefclip.cli import app
from prefclip.config import json_schema
from prefclip.config.overview import sections

FOLDER = Path(__file__).resolve().parents[1] / "config"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_file_is_what_the_command_prints():
    printed = CliRunner().invoke(app, ["config", "explain", "--markdown"])
    assert printed.exit_code == 0 and printed.output == TEXT


def test_every_table_is_whole():
    """As many cells in each row as in its header, and a row for each key of each section."""
    blocks = [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", TEXT, re.M)]
    assert all(len({row.count("|") for row in block}) == 1 for block in blocks)
    named = [re.match(r"\| `(\w+)`", row)[1] for block in blocks if "meaning" in block[0] for row in block[2:]]
    wanted = [key.name for _, _, keys in sections(json_schema()) for key in keys]
    assert named[: len(wanted)] == wanted


def test_every_shipped_configuration_is_described():
    assert [path.name for path in FOLDER.glob("*.yaml") if f"`{path.name}`" not in TEXT] == []
    assert [path.name for path in FOLDER.iterdir() if path.is_dir() and f"`{path.name}/" not in TEXT] == []

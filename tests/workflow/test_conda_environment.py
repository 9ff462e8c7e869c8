"""Snakemake makes the one conda environment: with a stand-in for conda, so that nothing is installed."""

import os
import subprocess
import sys
from pathlib import Path

from smoke_run import Checkout

CONDA = """#!/bin/sh
echo "conda $*" >> "$CALLS"
case "$*" in
  "info --json") echo "{\\"conda_prefix\\": \\"$PREFIX\\", \\"platform\\": \\"linux-64\\"}" ;;
  --version) echo "conda 25.1.0" ;;
  config*) echo '{"get": {"channel_priority": "strict"}}' ;;
esac
"""
PYTHON = """#!/bin/sh
echo "python $*" >> "$CALLS"
"""


def test_every_rule_shares_an_environment_with_the_lock_file_and_the_package(tmp_path):
    checkout = Checkout(tmp_path / "repository").copy()
    tools = tmp_path / "prefix/bin"
    tools.mkdir(parents=True)
    for name, text in {"conda": CONDA, "python": PYTHON, "activate": ""}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    calls = tmp_path / "calls.txt"
    # Nothing else that is called python can be found.
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("HOME", "PYTHONPATH")},
        "PATH": os.pathsep.join([str(tools), "/usr/bin", "/bin"]),
        "PREFIX": str(tmp_path / "prefix"),
        "CALLS": str(calls),
    }
    command = [
        Path(sys.executable).with_name("snakemake"),
        "all",
        "ablations",
        "--cores",
        "1",
        "--conda-create-envs-only",
    ]
    run = subprocess.run(
        [*command, "--software-deployment-method", "conda"],
        cwd=checkout.folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert run.returncode == 0, run.stdout
    made = [line for line in calls.read_text().splitlines() if line.startswith(("conda env", "python"))]
    assert len(made) == 3 and made[0].startswith("conda env create"), run.stdout
    copied = Path(made[0].split("--file ")[1].split()[0])
    assert copied.read_text() == (checkout.folder / "envs/prefclip.yaml").read_text()
    lock, package = (line.removeprefix("python -m pip install ").split() for line in made[1:])
    assert lock == ["--requirement", "envs/requirements.lock"] and (checkout.folder / lock[1]).is_file()
    assert package[-2:] == ["--editable", "."] and "--no-deps" in package

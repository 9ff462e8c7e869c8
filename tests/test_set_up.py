"""`make` sets up .venv: with a stand-in for Python, so that nothing is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

# Plays python3: notes each `-m` call, creates the .venv with itself in it, and obeys STAND_IN.
STAND_IN = """#!/bin/sh
case "$STAND_IN:$*" in
  old:*version_info*|bare:*ensurepip*|interrupted:*"-r "*) exit 1 ;;
esac
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && : > "$3/bin/activate" ;;
esac
case "$1" in
  -m) echo "$*" >> calls.txt ;;
  --version) echo "Python 3.11" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "envs").mkdir()
    for name in ["Makefile", "pyproject.toml", "envs/requirements.lock"]:
        shutil.copy(ROOT / name, tmp_path / name)
    for name, content in {"python": STAND_IN, "pytest": "#!/bin/sh\necho tested\n"}.items():
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(content)
        tool.chmod(0o755)
    return tmp_path


def make_test(checkout: Path, stand_in: str = "good") -> subprocess.CompletedProcess:
    """Run `make test`; the calls that the stand-in noted are in calls.txt, which starts empty."""
    (checkout / "calls.txt").write_text("")
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "STAND_IN": stand_in}
    command = ["make", "--no-print-directory", "test", f"PYTHON={checkout / 'bin/python'}"]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)


def calls(checkout: Path) -> list[str]:
    return (checkout / "calls.txt").read_text().splitlines()


@pytest.mark.parametrize(("stand_in", "message"), [("old", "needs Python 3.11 or newer"), ("bare", "lacks the venv")])
def test_unfit_python_is_one_clear_line(checkout, stand_in, message):
    run = make_test(checkout, stand_in)
    errors = [line for line in run.stderr.splitlines() if not line.startswith("make: ***")]
    assert run.returncode != 0
    assert len(errors) == 1 and message in errors[0]
    assert not (checkout / ".venv").exists()


def test_set_up_happens_once(checkout):
    first = make_test(checkout)
    assert first.returncode == 0 and "tested" in first.stdout
    assert [line[:5] for line in first.stdout.splitlines() if line.startswith("[")] == [
        f"[{n}/4]" for n in (1, 2, 3, 4)
    ]
    assert len(calls(checkout)) == 4
    assert make_test(checkout).returncode == 0
    assert calls(checkout) == []


def test_interrupted_set_up_starts_again(checkout):
    assert make_test(checkout, "interrupted").returncode != 0
    assert make_test(checkout).returncode == 0
    assert len(calls(checkout)) == 4


def test_changed_lock_is_installed_anew(checkout):
    make_test(checkout)
    lock = checkout / "envs/requirements.lock"
    lock.write_text(lock.read_text().replace("tqdm==", "tqdm==9"))
    assert make_test(checkout).returncode == 0
    assert len(calls(checkout)) == 4


def test_changed_project_file_reinstalls_the_package_only(checkout):
    make_test(checkout)
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text() + "\n# a change\n")
    assert make_test(checkout).returncode == 0
    assert [call.split()[-2:] for call in calls(checkout)] == [["-e", "."]]

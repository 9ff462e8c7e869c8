"""What a run tells while it works."""

import sys

import pytest

from prefclip.training.progress import Progress


def walk(steps, first=0, **options):
    progress = Progress("dpo, seed 0", steps, **options)
    if first:
        progress.resume(first)
    for step in range(first + 1, steps + 1):
        progress.step(step, 0.25, 700.0)
    progress.close()


def test_a_log_file_gets_some_plain_lines(capfd):
    walk(1000)
    output = capfd.readouterr()
    lines = output.err.splitlines()
    assert output.out == "" and "\r" not in output.err
    assert lines[0] == "dpo, seed 0: 1000 steps" and len(lines) == 11
    assert lines[-1].startswith("dpo, seed 0: step 1000/1000, loss 0.25, 700 images/s, 0 s left")


def test_a_resumed_run_says_so(capfd):
    walk(10, first=8)
    assert capfd.readouterr().err.splitlines()[1] == "dpo, seed 0: goes on after step 8"


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    walk(50, first=10)
    output = capsys.readouterr().err
    assert "50/50" in output and "\r" in output and "goes on after step 10" in output


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_short_runs(steps, capfd):
    walk(steps)
    assert len(capfd.readouterr().err.splitlines()) == steps + 1


def test_other_processes_are_silent(capfd):
    walk(10, silent=True)
    assert capfd.readouterr() == ("", "")

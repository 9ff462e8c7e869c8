"""Runs that are killed or stopped go on from their last resume point and end with the same bytes."""

import multiprocessing
import os
import random
import signal

import pytest
from tiny_training import train_in_process

from prefclip.files import OutputError
from prefclip.training import loop, resume
from prefclip.training.errors import TrainingError, TrainingInterrupted
from prefclip.training.progress import Progress
from prefclip.training.training_log import LOG_COLUMNS, SPEED_COLUMNS

SETTINGS = {"epochs": 4, "checkpoint_every": 2}
STEPS = 12


def results(folder):
    """Bytes of all results but the speed, which has a line for every step too."""
    logs = [(folder / name).read_text().splitlines() for name in ("training_log.csv", "speed.csv")]
    assert [len(lines) for lines in logs] == [STEPS + 1] * 2
    assert [lines[0].split(",") for lines in logs] == [list(LOG_COLUMNS), list(SPEED_COLUMNS)]
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*") if path.name != "speed.csv"}


@pytest.fixture
def signal_at(monkeypatch):
    """`signal_at(step, number)` sends this process a signal during that step."""

    def arm(step, number):
        plain = Progress.step

        def noisy(self, done, *rest):
            plain(self, done, *rest)
            if done == step:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(Progress, "step", noisy)

    yield arm
    monkeypatch.undo()


@pytest.fixture
def killed(files, tmp_path):
    """`killed(folder, step, renames)` runs in a new process that is killed after a step or in the midst of writing."""
    # A server that has imported everything forks each run: a fraction of a second instead of many.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tiny_training", "prefclip.training.loop"])

    def run(name, method="kto", step=None, renames=None, processes=1, **settings):
        arguments = {"method": method, "seed": 0, "output_folder": tmp_path / name, "scratch": tmp_path / "scratch"}
        plan = {"step": step, "renames": renames}
        started = [
            context.Process(
                target=train_in_process,
                args=(files.folder, {**SETTINGS, **settings}, arguments, plan, rank, processes, str(tmp_path / "port")),
            )
            for rank in range(processes)
        ]
        for process in started:
            process.start()
        for process in started:
            process.join(280)
        return [process.exitcode for process in started]

    return run


def test_killed_run_goes_on(tune, killed, tmp_path, capfd):
    expected = results(tune("kto", "undisturbed", **SETTINGS))
    assert killed("out", step=7) == [-signal.SIGKILL]
    assert not (tmp_path / "out" / "model.safetensors").exists()
    assert results(tune("kto", "out", **SETTINGS)) == expected
    assert "goes on after step 6" in capfd.readouterr().err
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.slow
def test_killed_twenty_times(tune, killed, tmp_path):
    """At random steps and in the midst of writing; each later process continues what the killed one left."""
    expected = results(tune("kto", "undisturbed", **SETTINGS))
    generator = random.Random(0)
    kills = 0
    while kills < 20:
        if generator.random() < 0.5:
            codes = killed("out", step=generator.randint(1, STEPS))
        else:
            codes = killed("out", renames=generator.randint(1, 8))
        if codes == [0]:
            assert results(tmp_path / "out") == expected
        else:
            assert codes == [-signal.SIGKILL]
            kills += 1
    assert killed("out") == [0]
    assert results(tmp_path / "out") == expected


def test_sigterm_saves_and_stops(tune, signal_at, tmp_path):
    expected = results(tune("dpo", "undisturbed", **SETTINGS))
    signal_at(5, signal.SIGTERM)
    with pytest.raises(TrainingInterrupted, match=r"dpo, seed 0: stopped by SIGTERM after step 5 of 12; give the same"):
        tune("dpo", "out", **SETTINGS)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert not (tmp_path / "out").exists()
    signal_at(99, signal.SIGTERM)
    assert results(tune("dpo", "out", **SETTINGS)) == expected


def test_sigusr1_saves_and_goes_on(tune, signal_at, tmp_path, monkeypatch):
    monkeypatch.setattr("prefclip.training.resume.ResumeStore.clear", lambda self: None)
    signal_at(5, signal.SIGUSR1)
    results(tune("dpo", "out", epochs=4, checkpoint_every=100))
    assert [path.name for path in (tmp_path / "scratch").glob("*/*.json")] == ["step-00000005.json"]


def test_damaged_point_falls_back_to_the_one_before(tune, killed, tmp_path, capfd):
    expected = results(tune("kto", "undisturbed", **SETTINGS))
    killed("out", step=9)
    newest = max((tmp_path / "scratch").glob("*/*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-1000])
    assert results(tune("kto", "out", **SETTINGS)) == expected
    printed = capfd.readouterr().err
    assert "step-00000008.json is damaged and left out" in printed and "goes on after step 6" in printed


@pytest.mark.parametrize("change", [{"learning_rate": 2e-3}, {"seed": 1}, {"method": "dpo"}])
def test_another_run_does_not_take_it_up(tune, killed, capfd, change):
    killed("out", step=9)
    arguments = {"method": "kto", "seed": 0, **SETTINGS, **change}
    tune(arguments.pop("method"), "out", arguments.pop("seed"), **arguments)
    assert "goes on" not in capfd.readouterr().err


def test_more_frequent_points_are_the_same_run(tune, killed, capfd):
    killed("out", step=9)
    tune("kto", "out", epochs=4, checkpoint_every=5)
    assert "goes on after step 8" in capfd.readouterr().err


def test_full_disk_while_saving_keeps_the_last_point(tune, tmp_path, monkeypatch, largest_file):
    expected = results(tune("dpo", "undisturbed", **SETTINGS))
    write = resume.write_tensors

    def write_or_fail(path, *rest):
        with largest_file(1000 if "00000006" in path.name else 10**9):
            write(path, *rest)

    monkeypatch.setattr(resume, "write_tensors", write_or_fail)
    with pytest.raises(OutputError, match=r"step-00000006\.safetensors: the disk is full"):
        tune("dpo", "out", **SETTINGS)
    monkeypatch.undo()
    assert sorted(path.stem for path in (tmp_path / "scratch").glob("*/*.json")) == ["step-00000002", "step-00000004"]
    assert results(tune("dpo", "out", **SETTINGS)) == expected


def test_loss_that_is_no_number(tune, tmp_path, monkeypatch):
    plain, calls = loop.accumulate_gradients, []

    def broken(*arguments):
        calls.append(1)
        value = plain(*arguments)
        return value._replace(total=value.total * float("nan")) if len(calls) == 7 else value

    monkeypatch.setattr(loop, "accumulate_gradients", broken)
    message = r"methods\.dpo \(seed 0\): the loss is nan at step 7; lower training\.learning_rate .* is kept in "
    with pytest.raises(TrainingError, match=message):
        tune("dpo", "out", **SETTINGS)
    assert not (tmp_path / "out").exists()
    assert max(path.stem for path in (tmp_path / "scratch").glob("*/*.json")) == "step-00000006"


def test_weights_that_are_no_numbers_are_never_saved(tune, tmp_path):
    with pytest.raises(TrainingError, match=r"methods\.dpo \(seed 0\): (the loss is|weights are not finite)"):
        tune("dpo", "out", learning_rate=1e38, epochs=4, checkpoint_every=1)
    assert not (tmp_path / "out").exists()

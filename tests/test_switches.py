"""Records tell of the switches that a computation ran with, not of those that came back after it."""

import json
from pathlib import Path

import pytest
import torch

from prefclip.lineage.recording import recorded
from prefclip.switches import note_switches, switches_in_force, switches_now
from prefclip.training.numerics import declared_numerics


@pytest.fixture
def plain(monkeypatch):
    """Nothing is declared yet, and torch computes on two threads."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield switches_now()
    torch.set_num_threads(threads)


def test_what_was_noted_last_counts(plain):
    with switches_in_force() as found:
        for precision in ("fp32", "tf32"):
            with declared_numerics(precision, threads=1):
                pass
    assert (found["matmul_precision"], found["deterministic_algorithms"], found["threads"]) == ("high", True, 1)
    assert switches_now() == plain and plain["deterministic_algorithms"] is False


def test_without_a_note_it_is_the_end_of_the_block_that_counts(plain):
    note_switches()
    with switches_in_force() as found:
        pass
    assert found == plain


def test_a_record_tells_what_its_stage_ran_with(plain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("code.py").write_text("x = 1\n")
    with recorded("train", outputs=["x.bin"]), declared_numerics("tf32", threads=1):
        Path("x.bin").write_bytes(b"x")
    record = json.loads(Path("x.bin.prov.json").read_text())
    determinism, hardware = record["run"]["determinism"], record["surroundings"]["hardware"]
    assert determinism["deterministic_algorithms"] is True and determinism["cudnn_tf32"] is True
    assert determinism["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert hardware["threads"] == 1 and "threads" not in determinism, "threads are no part of a record's id"
    assert switches_now() == plain

"""Published tables and figures: written only from a run in order, and traced in a clone that has not run anything."""

import io
import json
import lzma
import os
import shutil
import tarfile
from contextlib import nullcontext
from pathlib import Path

import pytest
from demo_project import RAW, RUN

from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.published import RECORDS, publish, published_folders
from prefclip.lineage.trace import trace
from prefclip.lineage.trace_formats import as_json, as_tree
from prefclip.lineage.verify import verify
from prefclip.table import read_table

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "results/reference/demo"
TABLE, FIGURE = f"{FOLDER}/tables/typographic.csv", f"{FOLDER}/figures/bars.png"


@pytest.fixture
def published(demo):
    """The demo, published, and its run gone."""
    demo.path(f"{RUN}/config.json").write_text("{}")
    assert publish(demo.project, RUN) == FOLDER
    shutil.rmtree(demo.path(RUN))
    return demo


def raw_of(found) -> list[str]:
    return [node.name for node in found.nodes.values() if node.kind == "raw"]


def test_every_cell_and_figure_reaches_raw_data_without_the_run(published):
    numbers = read_table(published.path(TABLE).with_suffix(".json")).numbers
    assert len(numbers) == 5
    for number in numbers:
        found = trace(published.project, TABLE, f"{number.row},{number.column}")
        assert found.complete() and raw_of(found) == [RAW] and found.published == FOLDER
    assert set(found.nodes) - set(found.unchecked) == {f"{RUN}/tables/typographic.csv", RAW}
    found = trace(published.project, FIGURE)
    assert found.complete() and raw_of(found) == [RAW]
    last = as_tree(found).splitlines()[-1]
    assert f"of {len(found.nodes)} files 2 are here" in last and f"`prefclip compare {RUN} {FOLDER}`" in last
    assert as_json(found)["unchecked"] == found.unchecked and len(found.unchecked) == len(found.nodes) - 2


def test_a_cell_follows_only_its_own_files(published):
    found = trace(published.project, TABLE, "dpo raw,first")
    assert found.nodes[found.target].inputs == [published.predictions(0)]
    assert published.predictions(1) not in found.nodes


def test_names_of_the_run_and_copies_of_its_figures_are_found_too(published, tmp_path):
    copy = tmp_path / "paper" / "figure 3.png"
    copy.parent.mkdir()
    shutil.copyfile(published.path(FIGURE), copy)
    for target in (f"{RUN}/figures/bars.png", copy, FIGURE):
        assert trace(published.project, target).target == f"{RUN}/figures/bars.png"
    assert trace(published.project, f"{RUN}/checkpoints/clip/dpo/seed0/model.safetensors").complete()


@pytest.mark.parametrize("name", [TABLE, TABLE.replace(".csv", ".json"), RAW])
def test_a_changed_byte_is_named(published, name):
    published.flip(name) if name != TABLE.replace(".csv", ".json") else published.path(name).write_text(
        published.path(name).read_text().replace("0.55", "0.56")
    )
    found = trace(published.project, TABLE, "dpo raw,mean")
    assert not found.complete() and f"{name} is not what its record says" in as_tree(found)


def test_raw_data_that_are_not_here_are_told(published):
    published.path(RAW).unlink()
    found = trace(published.project, TABLE)
    assert found.complete() and raw_of(found) == [RAW] and RAW in found.unchecked and found.nodes[RAW].sha256


@pytest.mark.parametrize("problem", ["byte", "empty", "other", "link"])
def test_damaged_records_are_one_sentence(published, problem):
    path = published.path(f"{FOLDER}/{RECORDS}")
    if problem == "byte":
        published.flip(f"{FOLDER}/{RECORDS}")
    elif problem == "link":
        path.rename(published.path("elsewhere"))
        path.symlink_to(published.path("elsewhere"))
    else:
        with tarfile.open(path, "w:xz") as bundle:
            for name in ("results/demo/a.prov.json", "../../b.prov.json") * (problem == "other"):
                bundle.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(LineageError, match=rf"^{FOLDER}/{RECORDS}: .*\.$"):
        trace(published.project, TABLE)


def test_an_edited_record_is_a_gap(published):
    path, target = published.path(f"{FOLDER}/{RECORDS}"), f"{RUN}/preferences/animals.parquet"
    with tarfile.open(path) as bundle:
        texts = {member.name: bundle.extractfile(member).read() for member in bundle}
    with tarfile.open(path, "w:xz") as bundle:
        for name, text in texts.items():
            text = text.replace(b"pairs", b"PAIRS") if name.startswith(target) else text
            member = tarfile.TarInfo(name)
            member.size = len(text)
            bundle.addfile(member, io.BytesIO(text))
    found = trace(published.project, TABLE)
    assert [node.name for node in found.gaps()] == [target]
    assert "seal" in found.nodes[target].facts["problem"]


def test_a_run_that_is_not_in_order_is_not_published(demo):
    demo.path(f"{RUN}/config.json").write_text("{}")
    demo.flip(f"{RUN}/figures/bars.png")
    with pytest.raises(LineageError, match=r"bars\.png: is tampered .*only a run in order is published"):
        publish(demo.project, RUN)
    assert not demo.path(FOLDER).exists()
    for name in ("results/nothing", "src", "results", ".", f"{RUN}/tables"):
        with pytest.raises(LineageError, match="holds no tables and no figures"):
            publish(demo.project, name)


def test_what_the_run_lacks_stays_published(published):
    demo = published
    demo.run_everything()
    lost = [demo.path(f"{FOLDER}/{name}") for name in ("tables/sweeps.json", "tables/README", "figures/notes/n.txt")]
    before = demo.path(f"{FOLDER}/{RECORDS}").read_bytes()
    for path in lost:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
        with pytest.raises(LineageError, match=rf"{path.name}: results/demo has none; make it, or remove it first"):
            publish(demo.project, RUN)
        assert path.read_text() == "mine" and demo.path(f"{FOLDER}/{RECORDS}").read_bytes() == before
        path.unlink()
    demo.path(f"{FOLDER}/notes.md").write_text("mine")
    tables = demo.path(f"{FOLDER}/tables/typographic.json").read_bytes()
    publish(demo.project, RUN)
    assert demo.path(f"{FOLDER}/notes.md").read_text() == "mine"
    assert demo.path(f"{FOLDER}/tables/typographic.json").read_bytes() == tables


def interrupt(*arguments: object, **named: object) -> None:
    raise KeyboardInterrupt


def test_the_settings_are_those_that_the_audit_compared(demo):
    demo.path(f"{RUN}/config.json").write_text('{"tampered": 1}')
    publish(demo.project, RUN)
    published = json.loads(demo.path(f"{FOLDER}/config.json").read_text())
    assert published["experiment"] == "demo" and published["seeds"] == [0, 1] and "tampered" not in published


@pytest.mark.parametrize("name", ["a/b", "../mine", ".", ""])
def test_only_a_folder_of_the_published_results_is_written(demo, name):
    with pytest.raises(LineageError, match=f"--name {name}: is no name of a folder"):
        publish(demo.project, RUN, name)
    demo.path("elsewhere/tables").mkdir(parents=True)
    demo.path("results/reference").mkdir(exist_ok=True)
    demo.path(FOLDER).symlink_to(demo.path("elsewhere"))
    with pytest.raises(LineageError, match="a folder on its way is a link; nothing is published through it"):
        publish(demo.project, RUN)
    assert [path.name for path in demo.path("elsewhere").rglob("*")] == ["tables"]


def test_the_same_run_is_published_in_the_same_bytes(demo):
    one, other = (demo.path(publish(demo.project, RUN, name)) for name in "ab")
    assert (one / RECORDS).read_bytes() == (other / RECORDS).read_bytes()


def test_a_copy_that_was_edited_says_so(published, tmp_path):
    copy = tmp_path / "figure.png"
    copy.write_bytes(published.path(FIGURE).read_bytes() + b"X")
    found = trace(published.project, copy)
    assert found.target == f"{RUN}/figures/bars.png" and not found.complete()
    assert f"{copy} names this figure but has other bytes" in as_tree(found) and as_json(found)["altered"]


def test_a_damaged_publication_hides_no_other(published):
    other = published.path("results/reference/other")
    other.mkdir()
    (other / RECORDS).write_bytes(b"x")
    assert trace(published.project, f"{RUN}/figures/bars.png").complete()
    with pytest.raises(LineageError, match="no such file, nor a record of one"):
        trace(published.project, f"{RUN}/figures/bras.png")


def test_what_is_not_recorded_says_so(published):
    published.path(f"{FOLDER}/{RECORDS}").unlink()
    with pytest.raises(LineageError, match="nothing is recorded of it; `prefclip publish` brings the records along"):
        trace(published.project, TABLE)
    published.path("stray.png").write_bytes(b"\x89PNG")
    with pytest.raises(LineageError, match=r"stray\.png: neither git nor a record knows it"):
        trace(published.project, published.path("stray.png"))


def test_an_archive_that_grows_without_end_is_refused(published):
    with lzma.open(published.path(f"{FOLDER}/{RECORDS}"), "wb") as stream:
        for _ in range(300):
            stream.write(bytes(1024 * 1024))
    with pytest.raises(LineageError, match=r"is damaged"):
        trace(published.project, TABLE)


@pytest.mark.parametrize("folder", published_folders(Project(ROOT)) or [pytest.param("", marks=pytest.mark.skip)])
def test_everything_that_this_repository_publishes_reaches_raw_checksums(folder):
    project = Project(ROOT)
    for path in sorted((ROOT / folder).glob("figures/*")) + sorted((ROOT / folder).glob("tables/*")):
        found = trace(project, path)
        assert found.complete() and raw_of(found), path
        assert all(found.nodes[name].sha256 for name in raw_of(found)), path
    for path in sorted((ROOT / folder).glob("tables/*.json")):
        traced = {}  # cells with the same sources have the same lineage
        table = read_table(path)
        for number in table.numbers:
            if number.value is not None:
                traced[frozenset(source.file for source in table.sources_of(number))] = number
        for number in traced.values():
            found = trace(project, path, f"{number.row},{number.column}")
            assert found.complete() and raw_of(found), (path, number.keys)


def test_published_results_are_not_audited_as_a_run(published):
    for name in (FOLDER, TABLE, "results/reference"):
        with pytest.raises(LineageError, match="is published, no run; `prefclip audit trace` and"):
            verify(published.project, [published.path(name)])


@pytest.mark.parametrize("at", ["shutil.copyfile", "write_text", "tarfile.open"])
def test_a_killed_publication_leaves_the_old_one_whole(published, monkeypatch, at):
    """Neither files of two runs side by side, nor records without their tables; the next one mends it."""
    demo = published
    before = {path: path.read_bytes() for path in demo.path(FOLDER).rglob("*") if path.is_file()}
    demo.run_everything()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"prefclip.lineage.published.{at}", interrupt)
        publish(demo.project, RUN)
    assert {path: path.read_bytes() for path in demo.path(FOLDER).rglob("*") if path.is_file()} == before
    assert demo.path("results/reference/.demo.partial").is_dir()
    assert published_folders(demo.project) == [FOLDER]
    publish(demo.project, RUN)
    assert sorted(path.name for path in demo.path("results/reference").iterdir()) == ["demo"]


@pytest.mark.parametrize("swapped", [0, 1, 2])
def test_a_swap_that_was_killed_loses_nothing(published, monkeypatch, swapped):
    """Not even what was laid beside tables and figures by hand: ``swapped`` of the two renames were done."""
    demo = published
    demo.run_everything()
    demo.path(f"{FOLDER}/notes.md").write_text("mine")
    real, folders = os.replace, []

    def replace(source, target):
        if Path(source).is_dir():
            if len(folders) == swapped:
                raise KeyboardInterrupt
            folders.append(source)
        real(source, target)

    with monkeypatch.context() as patch, nullcontext() if swapped == 2 else pytest.raises(KeyboardInterrupt):
        patch.setattr("prefclip.files.os.replace", replace)
        if swapped == 2:  # killed before the old one was removed
            patch.setattr("prefclip.files.shutil.rmtree", lambda *arguments, **named: None)
        publish(demo.project, RUN)
    publish(demo.project, RUN)
    assert demo.path(f"{FOLDER}/notes.md").read_text() == "mine" and demo.path(f"{FOLDER}/{RECORDS}").is_file()
    assert sorted(path.name for path in demo.path("results/reference").iterdir()) == ["demo"]

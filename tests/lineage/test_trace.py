"""From every cell and every figure back to raw bytes, in four formats, fast, and in words where the way is lost."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from demo_project import RAW, RUN

from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import activity_id, content_id, record_text
from prefclip.lineage.trace import trace
from prefclip.lineage.trace_formats import as_dot, as_json, as_mermaid, as_tree
from prefclip.table import TableFileError, read_table

TABLE, STORED = f"{RUN}/tables/typographic.csv", f"{RUN}/tables/typographic.json"
FIGURE = f"{RUN}/figures/bars.png"


def raw_of(found) -> list[str]:
    return [node.name for node in found.nodes.values() if node.kind == "raw"]


def test_every_cell_and_figure_reaches_raw_data(demo):
    numbers = read_table(demo.path(STORED)).numbers
    assert len(numbers) == 5
    for number in numbers:
        found = trace(demo.project, TABLE, f"{number.row},{number.column}")
        assert found.complete() and raw_of(found) == [RAW]
        stages = {node.stage for node in found.nodes.values()}
        assert {"table", "evaluate", "train", "pairs", "attacks", "manifest"} <= stages
    found = trace(demo.project, FIGURE)
    assert found.complete() and raw_of(found) == [RAW]
    assert found.nodes[RAW].facts == {
        "checksum": "as listed in resources/raw/checksums.json",
        "source": "resources/raw/ATTRIBUTION.md",
    }


def test_cell_names_the_rows_that_it_was_computed_from(demo):
    found = trace(demo.project, TABLE, "dpo raw,mean")
    assert found.cell.value == 0.55 and found.table.operation(found.cell) == "mean over 2 seeds and 2 data sets"
    assert as_tree(found).startswith(
        "cell dpo raw,clean accuracy mean = 0.55: mean over 2 seeds and 2 data sets (4 sel"
    )
    (term,) = as_json(found)["cell"]["terms"]
    assert [(source["file"], source["where"]["dataset"]) for source in term["sources"]] == [
        (demo.predictions(seed), name) for name in ("animals", "food") for seed in (0, 1)
    ]


@pytest.mark.parametrize("view", [TABLE, STORED])
def test_cell_follows_only_its_own_files(demo, view):
    assert trace(demo.project, view).nodes[view].inputs == [demo.predictions(0), demo.predictions(1)]
    found = trace(demo.project, view, "dpo raw,first")
    assert found.nodes[view].inputs == [demo.predictions(0)] and demo.predictions(1) not in found.nodes


def test_difference_cells_say_what_is_taken_from_what(demo):
    found = trace(demo.project, TABLE, "dpo difference,food")
    assert found.cell.row == "dpo raw difference" and len(as_json(found)["cell"]["terms"]) == 2
    said = found.table.operation(found.cell)
    assert said == "a - b; a: food, mean over 2 seeds; b: animals, mean over 2 seeds"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("dpo,dragons", "no cell 'dpo,dragons'; its columns are 'clean accuracy animals', "),
        ("dpo,clean", "several cells are"),
        ("x", "no cell 'x'; rows are 'dpo raw', 'dpo raw difference'; columns are"),
    ],
)
def test_unknown_cell(demo, cell, message):
    with pytest.raises(LineageError, match=message):
        trace(demo.project, TABLE, cell)


def test_a_table_that_is_not_there(demo):
    demo.path(STORED).unlink()
    with pytest.raises(LineageError, match=r"typographic\.json: is missing; only tables made by `prefclip table`"):
        trace(demo.project, TABLE, "dpo,animals")


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1}', "[" * 10_000, '{"name": NaN}'])
def test_malformed_table(demo, text):
    demo.path(STORED).write_text(text)
    with pytest.raises(TableFileError, match=r"typographic\.json: not a whole table"):
        trace(demo.project, TABLE, "dpo,animals")


@pytest.mark.parametrize("file", ["predictions/other.parquet", "../../../etc/passwd", "resources/raw/pictures.bin"])
def test_cells_that_name_a_file_the_table_was_not_made_of(demo, file):
    path = demo.path(STORED)
    path.write_text(path.read_text().replace("predictions/clip/dpo/seed0.parquet", file))
    with pytest.raises(LineageError, match="no input of the table"):
        trace(demo.project, TABLE, "dpo raw,animals")


def test_copied_figure_finds_its_record(demo, tmp_path):
    shutil.copy(demo.path(FIGURE), tmp_path / "paper.png")
    assert trace(demo.project, tmp_path / "paper.png").target == FIGURE
    (tmp_path / "other.png").write_bytes(b"\x89PNG")
    with pytest.raises(LineageError, match="lies outside"):
        trace(demo.project, tmp_path / "other.png")


def test_lost_way_is_said(demo):
    demo.path(f"{RUN}/preferences/animals.parquet.prov.json").unlink()
    found = trace(demo.project, TABLE)
    assert not found.complete() and [node.name for node in found.gaps()] == [f"{RUN}/preferences/animals.parquet"]
    assert "lost at results/demo/preferences/animals.parquet: has no record" in as_tree(found)


def test_tree_spells_out_shared_files_once(demo):
    text = as_tree(trace(demo.project, TABLE))
    assert text.splitlines()[0].startswith(f"{TABLE}  [table]")
    assert len(re.findall(r"animals\.attacked\.npy", text)) == 1
    assert "(see above)" in text


def test_json_holds_nodes_and_edges(demo):
    found = as_json(trace(demo.project, TABLE, "dpo raw,food"))
    json.dumps(found)
    names = [node["path"] for node in found["nodes"]]
    assert found["complete"] and found["schema_version"] == 3 and names[-1] == TABLE and names[0] == RAW
    assert all(names.index(above) < names.index(below) for above, below in found["edges"])
    assert found["cell"]["terms"][0]["sources"][0]["where"]["dataset"] == "food"


def test_graphs_name_every_file_and_edge(demo):
    found = trace(demo.project, FIGURE)
    edges = sum(len(node.inputs) for node in found.nodes.values())
    for text, arrow in ((as_dot(found), "->"), (as_mermaid(found), "-->")):
        assert all(name in text for name in found.nodes)
        assert len(re.findall(rf" {arrow} ", text)) == edges


def test_the_root_is_found_from_within_its_folders(demo):
    """The folder of the workflow's Snakefile is not the root."""
    for inside in (".", "workflow", "src/demo"):
        assert Project.around(demo.path(inside)).root == demo.project.root


def many_records(root: Path, count: int) -> str:
    """Records of ``count`` artifacts: layers of 100, each made of ten of the layer below, and one of the top layer."""
    (root / "pyproject.toml").write_text("")
    entry = {"sha256": "0" * 64, "size": 1}
    code = {f"src/prefclip/module{place}.py": "1" * 64 for place in range(20)}
    around = {
        "command": ["prefclip", "train"],
        "git": {"commit": "0" * 40, "dirty": False, "diff_sha256": None, "changed": {}},
        "lock": None,
        "hardware": {"processor": "x", "gpus": []},
        "slurm": {},
        "host": "h",
        "started": "2030-01-01T00:00:00+00:00",
        "finished": "2030-01-01T00:00:00+00:00",
    }
    names = [f"results/big/layer{place // 100}/item{place % 100}.bin" for place in range(count)]
    for place, name in enumerate(names):
        layer, column = divmod(place, 100)
        inputs = [names[(layer - 1) * 100 + (column + step) % 100] for step in range(10)] if layer else []
        if place == count - 1:
            inputs = names[(layer - 1) * 100 : -1]
        run = {
            "artifact": name,
            "stage": "train",
            "wildcards": {"item": str(place)},
            "config": None,
            "params": {"training": {"epochs": 3, "learning_rate": 1e-5}},
            "seed": place,
            "inputs": [{"path": above, **entry} for above in inputs],
            "outputs": [{"path": name, **entry}],
            "timed": [],
            "code": {"sha256": content_id(code), "files": code},
            "packages": {"numpy": "2.0.0", "torch": "2.8.0"},
            "determinism": {},
            "exit_status": 0,
        }
        path = root / f"{name}.prov.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record_text({**run, "activity": activity_id(run)}, around))
    return names[-1]


@pytest.mark.slow
def test_ten_thousand_records_in_a_second(tmp_path):
    last = many_records(tmp_path, 10_000)
    project, seconds = Project(tmp_path), []
    for _ in range(5):
        start = time.process_time()  # one thread, files in memory: others may keep this machine busy
        found = trace(project, tmp_path / last)
        seconds.append(time.process_time() - start)
    assert len(found.nodes) == 10_000
    assert min(seconds) <= 1.0, seconds


@pytest.mark.slow
def test_chain_of_ten_thousand_records_needs_no_deep_stack(tmp_path):
    last = many_records(tmp_path, 1000)
    assert len(as_tree(trace(Project(tmp_path), tmp_path / last)).splitlines()) > 1000

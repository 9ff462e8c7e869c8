"""From every cell and every figure back to raw bytes, in four formats, fast, and in words where the way is lost."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from demo_project import RAW, RUN

from prefclip.lineage.cells import cells_name, read_cells, write_cells
from prefclip.lineage.project import LineageError, Project
from prefclip.lineage.record import activity_id, content_id, record_text
from prefclip.lineage.trace import trace
from prefclip.lineage.trace_formats import as_dot, as_json, as_mermaid, as_tree

TABLE = f"{RUN}/tables/typographic.csv"
FIGURE = f"{RUN}/figures/bars.png"


def raw_of(found) -> list[str]:
    return [node.name for node in found.nodes.values() if node.kind == "raw"]


def test_every_cell_and_figure_reaches_raw_data(demo):
    cells = read_cells(demo.project, TABLE).cells
    assert len(cells) == 3
    for cell in cells:
        found = trace(demo.project, TABLE, f"{cell.row},{cell.column}")
        assert found.complete() and raw_of(found) == [RAW]
        stages = {node.stage for node in found.nodes.values()}
        assert {"table", "evaluate", "train", "pairs", "attacks", "manifest"} <= stages
    found = trace(demo.project, FIGURE)
    assert found.complete() and raw_of(found) == [RAW]
    assert found.nodes[RAW].facts == {
        "checksum": "as listed in resources/raw/checksums.json",
        "source": "resources/raw/ATTRIBUTION.md",
    }


def test_cell_names_its_metrics_rows(demo):
    found = trace(demo.project, TABLE, "dpo,mean")
    assert found.cell.value == 0.55 and found.cell.aggregation == "mean over 2 seeds and 2 data sets"
    assert {(row.run_id, row.dataset, row.seed) for row in found.rows} == {
        (f"demo/clip/dpo/seed{seed}", name, seed) for seed in (0, 1) for name in ("animals", "food")
    }


def test_cell_follows_only_its_own_files(demo):
    lines = Path(TABLE).read_text().splitlines()
    Path("one.csv").write_text("\n".join([lines[0] + ",seed", lines[1] + ",1"]) + "\n")
    path = write_cells("one.csv", [demo.metrics(0), demo.metrics(1)])
    found = trace(demo.project, "one.csv", "dpo,animals")
    assert found.nodes["one.csv"].inputs == [demo.metrics(0), demo.metrics(1)] and path.name == "one.cells.json"


def test_difference_cells_also_follow_the_reference(demo):
    """A row ``Δ to CLIP`` was computed from CLIP's numbers too."""
    lines = Path(TABLE).read_text().replace("value", "difference", 1).splitlines()
    Path("delta.csv").write_text(
        "\n".join([lines[0].replace("difference", "value"), lines[1].replace("value", "difference")])
    )
    import pandas as pd

    clip = pd.read_parquet(demo.metrics(0)).assign(method="clip", run_id="demo/clip/clip/seed0")
    clip.to_parquet(f"{RUN}/metrics/clip.clip.seed0.parquet")
    write_cells("delta.csv", [demo.metrics(0), f"{RUN}/metrics/clip.clip.seed0.parquet"])
    (cell,) = (cells := read_cells(demo.project, "delta.csv")).cells
    assert {row.method for row in cells.rows_of(cell)} == {"dpo", "clip"}
    assert cell.row == "dpo raw difference" and "against the same of clip" in cell.aggregation


def test_cell_without_rows_is_an_error(demo):
    Path("bad.csv").write_text(Path(TABLE).read_text().replace("animals", "dragons"))
    with pytest.raises(LineageError, match="no row for its cell dpo raw,clean accuracy dragons"):
        write_cells("bad.csv", [demo.metrics(0)])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("dpo,dragons", "no cell 'dpo,dragons'; rows are 'dpo raw'; columns are"),
        ("dpo,clean", "several cells are"),
        ("x", "no cell"),
    ],
)
def test_unknown_cell(demo, cell, message):
    with pytest.raises(LineageError, match=message):
        trace(demo.project, TABLE, cell)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1}', "[" * 10_000, '{"table": NaN}'])
def test_malformed_cells_file(demo, text):
    demo.path(cells_name(TABLE)).write_text(text)
    with pytest.raises(LineageError, match=r"typographic\.cells\.json"):
        trace(demo.project, TABLE, "dpo,animals")


def test_cells_of_another_table_or_with_rows_that_are_not_there(demo):
    path = demo.path(cells_name(TABLE))
    values = json.loads(path.read_text())
    for broken in ({**values, "table": "results/demo/tables/other.csv"}, {**values, "rows": []}):
        path.write_text(json.dumps(broken))
        with pytest.raises(LineageError, match="damaged"):
            trace(demo.project, TABLE, "dpo,animals")


def test_cells_that_name_a_file_the_table_was_not_made_of(demo):
    path = demo.path(cells_name(TABLE))
    path.write_text(path.read_text().replace("metrics/clip.dpo.seed0", "metrics/other"))
    with pytest.raises(LineageError, match="no input of the table"):
        trace(demo.project, TABLE, "dpo,animals")


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
    found = as_json(trace(demo.project, TABLE, "dpo,food"))
    json.dumps(found)
    names = [node["path"] for node in found["nodes"]]
    assert found["complete"] and found["schema_version"] == 1 and names[-1] == TABLE and names[0] == RAW
    assert all(names.index(above) < names.index(below) for above, below in found["edges"])
    assert found["cell"]["rows"][0]["dataset"] == "food"


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

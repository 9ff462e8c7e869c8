"""`prefclip audit` on the command line: answers, exit codes, and usage errors in one sentence."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from demo_project import RAW, RUN
from typer.testing import CliRunner

from prefclip.lineage import surroundings
from prefclip.lineage.commands import audit_app
from prefclip.lineage.findings import EXIT_CODES

TABLE = f"{RUN}/tables/typographic.csv"


def audit(words: str):
    result = CliRunner().invoke(audit_app, shlex.split(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_verify_prints_what_is_wrong_and_what_to_run(demo):
    result = audit("verify")
    assert (result.exit_code, result.stdout) == (0, "13 artifacts: 13 ok\n")
    demo.flip(TABLE)
    result = audit(f"verify {TABLE}")
    assert result.exit_code == 1
    assert TABLE in result.stdout and f"snakemake --cores all --force {TABLE}" in result.stdout


def test_verify_json(demo):
    demo.path("src/demo/figure.py").write_text("x = 1\n")
    result = audit("verify --json")
    report = json.loads(result.stdout)
    assert result.exit_code == report["exit_code"] == 3 and report["schema_version"] == 1
    assert report["counts"] == {"stale": 1, "ok": 12}
    (wrong,) = (one for one in report["artifacts"] if one["state"] != "ok")
    assert wrong["path"] == f"{RUN}/figures/bars.png"
    assert wrong["findings"][0]["reason"] == "code of figure changed: src/demo/figure.py"
    assert wrong["findings"][0]["remedy"] == f"snakemake --cores all {RUN}/figures/bars.png"


def test_states_and_exit_codes_are_those_of_the_documentation():
    text = (Path(__file__).resolve().parents[2] / "docs/lineage.md").read_text()
    table = re.findall(r"^\| `([a-z-]+)` \| .* \| (\d) \|$", text, re.M)
    assert {state: int(code) for state, code in table} == EXIT_CODES


def test_verify_against_another_configuration(demo, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(demo.path("config/demo.yaml").read_text() + "training: {epochs: 9}\n")
    assert audit("verify --config config/demo.yaml").exit_code == 0
    assert audit(f"verify --config {other}").exit_code == 3


def test_verify_with_a_signature(demo, tmp_path, monkeypatch):
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    try:
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True, capture_output=True
        )
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    except OSError:
        pytest.skip("openssl is not installed")
    assert audit(f"export --format intoto -o results --sign {private}").exit_code == 0
    assert audit(f"verify --signature {public}").exit_code == 0
    monkeypatch.setattr(surroundings, "now", lambda: "2031-01-01T00:00:00+00:00")
    demo.figure()
    assert audit("verify").exit_code == 0
    assert audit(f"verify --signature {public}").exit_code == 1


@pytest.mark.parametrize("form", ["tree", "json", "dot", "mermaid"])
def test_trace_in_every_format(demo, form):
    result = audit(f"trace {TABLE} --cell 'dpo,animals' --format {form}")
    assert result.exit_code == 0 and RAW in result.stdout


def test_trace_ends_with_4_where_the_way_is_lost(demo):
    demo.path(f"{RUN}/preferences/animals.parquet.prov.json").unlink()
    assert audit(f"trace {TABLE}").exit_code == 4


def test_diff(demo):
    weights = [f"{RUN}/checkpoints/clip/dpo/seed{seed}/model.safetensors" for seed in (0, 1)]
    assert "train: 0 → 1" in audit(f"diff {' '.join(weights)}").stdout
    assert json.loads(audit(f"diff --json {' '.join(weights)}").stdout)["equal"] is False


@pytest.mark.parametrize("form", ["prov", "intoto", "rocrate"])
def test_export(demo, form, tmp_path):
    result = audit(f"export --format {form} -o {tmp_path / form}")
    assert result.exit_code == 0
    json.loads((tmp_path / form / result.stdout.strip().rpartition("/")[2]).read_text())


@pytest.mark.parametrize(
    "words",
    [
        "verify nothing.csv",
        "verify /etc/passwd",
        "verify --threads 0",
        "verify --nonsense",
        "verify --signature nothing.pem",
        "verify --statement x.json",
        "verify --root nowhere",
        "trace nothing.csv",
        "trace results",
        f"trace {TABLE} --cell nonsense",
        f"trace {RAW} --cell a,b",
        f"trace {TABLE} --format svg",
        "diff a b",
        "export --format zip -o out",
        "export --format prov -o out --sign key.pem",
        "report results/nothing",
        "nonsense",
    ],
)
def test_usage_errors(demo, words):
    result = audit(words)
    assert result.exit_code == 2 and result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    if result.stderr.startswith("prefclip audit:"):
        assert len(result.stderr.strip().splitlines()) == 1


def test_root_elsewhere(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert audit(f"verify --root {demo.root} {TABLE}").exit_code == 0
    assert audit(f"trace --root {demo.root} {TABLE}").exit_code == 0


def test_report_is_one_page_that_loads_nothing(demo):
    demo.flip(TABLE)
    result = audit(f"report {RUN}")
    assert result.exit_code == 0 and result.stdout.strip().endswith(f"{RUN}/report/lineage.html")
    page = demo.path(f"{RUN}/report/lineage.html").read_text()
    assert "<script" not in page and not re.search(r'(src|href)="(?!#)', page) and "url(" not in page
    names = [
        str(path.relative_to(demo.root)).removesuffix(".prov.json") for path in demo.path(RUN).rglob("*.prov.json")
    ]
    assert all(name in page for name in names) and RAW in page and "1 tampered" in page
    anchors = re.findall(r'href="#([^"]+)"', page)
    assert anchors and all(f'id="{anchor}"' in page for anchor in anchors)
    assert audit("verify").exit_code == 1  # the page itself is no stray result

"""Records are read from anywhere and may say anything: every one ends in a finding, and no foreign file is read."""

import builtins
import copy
import hashlib
import json
import os
from unittest import mock

import pytest
from demo_project import RUN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefclip.errors import PrefclipError
from prefclip.lineage.diff import diff
from prefclip.lineage.export.prov import export_prov
from prefclip.lineage.page import write_page
from prefclip.lineage.record import LARGEST_RECORD, Damage, Record, parse_record, record_text
from prefclip.lineage.trace import trace
from prefclip.lineage.trace_formats import FORMATS
from prefclip.lineage.verify import verify

TABLE = f"{RUN}/tables/typographic.csv"
RECORD = f"{TABLE}.prov.json"


@pytest.fixture
def values(demo) -> dict:
    return json.loads(demo.path(RECORD).read_text())


def forge(demo, values: dict) -> None:
    """Write a record with valid ids, whatever it says."""
    demo.path(RECORD).write_text(record_text(values["run"], values["surroundings"]))


def use_everything(demo) -> dict[str, str]:
    """Run every command on the project; nothing may raise but errors meant for people."""
    report = verify(demo.project, threads=1)
    report.as_text().encode()
    json.dumps(report.as_json())
    for action in (
        lambda: [form(trace(demo.project, TABLE)) for form in FORMATS.values()],
        lambda: trace(demo.project, TABLE, "dpo,animals"),
        lambda: diff(demo.project, TABLE, f"{RUN}/figures/bars.png").as_text(),
        lambda: export_prov(demo.project, demo.root / "out"),
        lambda: write_page(demo.project, RUN),
    ):
        try:
            action()
        except PrefclipError as error:
            assert len(str(error)) < 2000
    return report.states()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "NaN",
        '{"schema_version": 2}',
        '{"schema_version": NaN}',
        '{"schema_version": "1"}',
        '{"schema_version": 2, "id": 5, "run": [], "surroundings": null, "seal": {}}',
        "[" * 100_000,
        '{"run":' * 50_000,
        "1" * 10_000,
        '{"schema_version": 1e999}',
        '"\\ud800"',
    ],
)
def test_malformed_record(demo, text):
    demo.path(RECORD).write_text(text)
    assert use_everything(demo)[TABLE] == "tampered"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x00" * 100, os.urandom(300)])
def test_binary_record(demo, data):
    demo.path(RECORD).write_bytes(data)
    assert use_everything(demo)[TABLE] == "tampered"


def test_huge_record_is_not_read(demo):
    with demo.path(RECORD).open("wb") as stream:
        stream.truncate(1 << 30)
    assert use_everything(demo)[TABLE] == "tampered"
    assert LARGEST_RECORD == 16 << 20


@pytest.mark.parametrize("version", [1, 3])
def test_record_of_another_time(demo, values, version):
    demo.path(RECORD).write_text(json.dumps({**values, "schema_version": version, "novelty": True}))
    assert use_everything(demo)[TABLE] == "unverifiable"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../secret.txt",
        "results/../../secret.txt",
        "results/demo/tables/../../../../secret.txt",
        "a\0b",
        ".",
        "x/" * 2000,
    ],
)
def test_path_outside_the_repository(demo, values, tmp_path, monkeypatch, name):
    (tmp_path / "secret.txt").write_text("secret")
    entry = {"path": name, "sha256": "0" * 64, "size": 6}
    values["run"]["inputs"].append(entry)
    values["run"]["outputs"].append(entry)
    values["run"]["code"]["files"][name] = "0" * 64
    values["run"]["config"] = name
    values["surroundings"]["git"]["changed"][name] = "0" * 64
    values["run"]["params"]["training"] = {}
    forge(demo, values)
    opened = watch_files(monkeypatch)
    states = use_everything(demo)
    assert states[TABLE] in ("untracked-input", "tampered", "stale", "unverifiable")
    assert not [path for path in opened if "secret" in path or path == "/etc/passwd"]


def watch_files(monkeypatch) -> list[str]:
    """Note every path that is opened from here on."""
    opened = []

    def watched(function):
        def call(path, *arguments, **options):
            opened.append(os.path.realpath(path) if isinstance(path, str | os.PathLike) else str(path))
            return function(path, *arguments, **options)

        return call

    monkeypatch.setattr(os, "open", watched(os.open))
    monkeypatch.setattr(builtins, "open", watched(builtins.open))
    return opened


def test_link_loop(demo):
    for name in (RECORD, f"{RUN}/tables/loop"):
        demo.path(name).unlink(missing_ok=True)
    demo.path(RECORD).symlink_to(demo.path(RECORD))
    demo.path(f"{RUN}/tables/loop").symlink_to(demo.path(f"{RUN}/tables"))
    demo.path(f"{RUN}/a").symlink_to(demo.path(f"{RUN}/b"))
    demo.path(f"{RUN}/b").symlink_to(demo.path(f"{RUN}/a"))
    states = use_everything(demo)
    assert states[TABLE] == "tampered"
    assert {states[f"{RUN}/{name}"] for name in ("a", "b", "tables/loop")} == {"unrecorded"}


def test_record_behind_a_link_is_not_read(demo, tmp_path):
    """Not even where the record itself is sound."""
    demo.path(RECORD).rename(tmp_path / "record.json")
    demo.path(RECORD).symlink_to(tmp_path / "record.json")
    assert use_everything(demo)[TABLE] == "tampered"
    (finding,) = verify(demo.project, [TABLE], threads=1).findings
    assert "link" in finding.reason


def test_pipe_does_not_block(demo):
    demo.path(RECORD).unlink()
    os.mkfifo(demo.path(RECORD))
    demo.path(TABLE).unlink()
    os.mkfifo(demo.path(TABLE))
    assert use_everything(demo)[TABLE] == "tampered"


def test_records_that_run_in_a_circle(demo, values):
    values["run"]["inputs"].append({"path": TABLE, "sha256": values["run"]["outputs"][0]["sha256"], "size": 1})
    forge(demo, values)
    assert use_everything(demo)[TABLE] == "tampered"
    assert not trace(demo.project, TABLE).complete()


def test_control_characters_are_escaped(demo, values):
    values["run"]["inputs"].append({"path": 'a"\x1b[31m<script>\n\u202e', "sha256": "0" * 64, "size": 1})
    values["run"]["stage"] = "<script>alert(1)</script>"
    forge(demo, values)
    use_everything(demo)
    for form in FORMATS.values():
        text = form(trace(demo.project, TABLE))
        text = text if isinstance(text, str) else json.dumps(text)
        assert "\x1b" not in text and "\u202e" not in text
    assert "<script" not in write_page(demo.project, RUN).read_text()


def test_strange_file_name(demo):
    path = os.fsencode(demo.path(f"{RUN}/tables")) + b"/\xff\x1b.csv"
    with open(path, "w") as stream:
        stream.write("x")
    assert "unrecorded" in use_everything(demo).values()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place(values, demo, data):
    """Replace one value somewhere in a record and seal it again: it is refused, or it is a record that says so."""
    changed = {key: copy.deepcopy(values[key]) for key in ("run", "surroundings")}
    here = changed
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        if (
            not isinstance(here[key], dict | list)
            or not here[key]
            or (here is not changed and data.draw(st.booleans()))
        ):
            break
        here = here[key]
    here[key] = data.draw(json_values)
    try:
        json.dumps(changed, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeError):
        return  # NaN or half a surrogate pair: no JSON
    try:
        text = record_text(changed["run"], changed["surroundings"])
    except (AttributeError, TypeError, KeyError):
        with mock.patch("prefclip.lineage.record.run_id", return_value="0" * 64):  # nobody could give it one
            text = record_text(changed["run"], changed["surroundings"])
    found = parse_record(text.encode(), TABLE)
    assert isinstance(found, Record | Damage)
    demo.path(RECORD).write_text(text)
    report = verify(demo.project, [TABLE], threads=1)
    json.dumps(report.as_json())
    if isinstance(found, Damage) or changed["run"] != values["run"]:
        assert report.exit_code() != 0 or isinstance(found, Record)
    demo.path(RECORD).unlink()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none(demo, values, number):
    """Sealed as they are: only forged records can hold them."""
    values["run"]["params"] = {"epochs": 12345}
    text = record_text(values["run"], values["surroundings"]).replace("12345", number)
    body, _, _ = text.rpartition(' "seal"')
    demo.path(RECORD).write_text(f'{body} "seal": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n')
    assert use_everything(demo)[TABLE] == "tampered"

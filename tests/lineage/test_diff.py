"""Two runs are paired by role; what moved is named once, with a count of what follows, and never without a look."""

import hashlib
import json
import shutil

import pytest
import yaml
from demo_project import RAW, SETTINGS
from typer.testing import CliRunner

from prefclip.lineage.commands import audit_app
from prefclip.lineage.diff import diff
from prefclip.lineage.project import LineageError
from prefclip.lineage.record import record_text

BETA = "methods.dpo.parameters.beta"
ONE, OTHER = "results/one", "results/other"


def made(*parts: object) -> bytes:
    """What a stage makes of its parts: the same bytes of the same parts, and only of those."""
    return hashlib.sha256(repr(parts).encode()).digest()


def make_run(demo, folder, beta=0.5, attack_seed=0, datasets=("animals",), seeds=(0, 1), chance=b"") -> None:
    """Make every artifact of a run anew; ``chance`` is what a training that is not deterministic adds."""
    parameters = {"objective": "dpo", "parameters": {"beta": beta}}
    settings = {**SETTINGS, "methods": {"dpo": parameters}, "attack": {"seed": attack_seed}, "seeds": list(seeds)}
    demo.path("config/demo.yaml").write_text(yaml.safe_dump(settings))

    def stage(name, inputs, outputs, keys=(), **details):
        parts = [demo.path(path).read_bytes() for path in inputs]
        code = demo.path(f"src/demo/{name}.py").read_text().count("=")
        decisive = (beta,) if name == "train" else ()
        content = {path: made(place, parts, code, decisive, details) for place, path in enumerate(outputs)}
        if name == "train":
            content |= {outputs[0]: content[outputs[0]] + chance, outputs[-1]: folder.encode()}
            details["timed"] = outputs[-1:]
        demo.stage(name, inputs, content, keys, **details)

    for name in datasets:
        images = [f"{folder}/images/{name}.npy", f"{folder}/images/{name}.attacked.npy"]
        stage("manifest", [RAW], images[:1], wildcards={"dataset": name})
        stage("attacks", images[:1], images[1:], ("attack.seed",), seed=attack_seed, wildcards={"dataset": name})
    for seed in seeds:
        place, which = f"{folder}/checkpoints/dpo/seed{seed}", {"method": "dpo", "seed": seed}
        files = [f"{place}/{name}" for name in ("model.safetensors", "training_log.csv", "speed.csv")]
        stage("train", [f"{folder}/images/animals.attacked.npy"], files, ("methods.dpo",), seed=seed, wildcards=which)
        images = [f"{folder}/images/{name}.npy" for name in datasets]
        stage("evaluate", [files[0], *images], [metrics(folder, seed)], seed=seed, wildcards=which)
    tables = [f"{folder}/tables/typographic.csv"]
    stage("table", [metrics(folder, seed) for seed in seeds], tables, ("seeds",), wildcards={"table": "typographic"})


def metrics(folder, seed=0) -> str:
    return f"{folder}/metrics/dpo.seed{seed}.parquet"


def lines(demo, first=ONE, second=OTHER) -> list[str]:
    return diff(demo.project, first, second).as_text().splitlines()


def audit(*words: str):
    return CliRunner().invoke(audit_app, ["diff", *words])


@pytest.fixture
def pair(demo):
    """The demo with two equal runs; `pair(beta=0.7)` makes the second one anew."""
    make_run(demo, ONE)
    make_run(demo, OTHER)
    demo.again = lambda **changes: (shutil.rmtree(demo.path(OTHER)), make_run(demo, OTHER, **changes))
    return demo


def edit_record(demo, name, change) -> None:
    path = demo.path(f"{name}.prov.json")
    record = json.loads(path.read_text())
    change(record)
    path.write_text(record_text(record["run"], record["surroundings"]))


def test_equal_runs_under_two_names_have_nothing_to_say(pair):
    speeds = [pair.path(f"{folder}/checkpoints/dpo/seed0/speed.csv").read_bytes() for folder in (ONE, OTHER)]
    assert speeds[0] != speeds[1]
    found = audit(ONE, OTHER)
    assert (found.exit_code, found.stdout) == (0, "")
    assert audit(metrics(ONE), metrics(ONE)).stdout == ""
    answer = json.loads(audit("--json", ONE, OTHER).stdout)
    assert answer["equal"] is True and answer["differing"] == 0 and answer["compared"] == 9


def test_one_setting_is_named_once_with_what_follows(pair):
    pair.again(beta=0.7)
    assert lines(pair) == [
        "settings:",
        f"  {BETA}: 0.5 → 0.7, and what follows: 7 artifacts of 3 stages",
        "7 of 9 artifacts that both have differ, the others are the same bytes",
    ]
    assert audit(ONE, OTHER).exit_code == 0
    (cause,) = json.loads(audit("--json", ONE, OTHER).stdout)["causes"]
    assert cause.pop("artifacts")[0] == "checkpoints/dpo/seed0/model.safetensors"
    assert cause == {
        "kind": "settings",
        "what": BETA,
        "first": 0.5,
        "second": 0.7,
        "follows": {"evaluate": 2, "table": 1, "train": 4},
    }


def test_a_setting_that_changes_no_byte_is_said_to_change_none(pair):
    make_run(pair, OTHER)
    edit_record(pair, f"{OTHER}/tables/typographic.csv", lambda record: record["run"]["params"].update(seeds=[1, 0]))
    assert lines(pair) == [
        "settings:",
        "  seeds: [0, 1] → [1, 0], and what follows: nothing",
        "0 of 9 artifacts that both have differ, the others are the same bytes",
    ]


def test_code_packages_inputs_and_seeds_are_causes(pair):
    pair.path(RAW).write_bytes(b"other pictures")
    pair.path("src/demo/evaluate.py").write_text("import numpy\nx = 1\n")
    pair.again(attack_seed=5)
    edit_record(pair, metrics(OTHER), lambda record: record["run"]["packages"].update(numpy="0.1", scipy="1.0"))
    numpy = json.loads(pair.path(f"{metrics(ONE)}.prov.json").read_text())["run"]["packages"]["numpy"]
    assert lines(pair) == [
        "settings:",
        "  attack.seed: 0 → 5, and what follows: 8 artifacts of 4 stages",
        "code:",
        "  src/demo/evaluate.py changed, and what follows: 3 artifacts of 2 stages",
        "packages:",
        f"  numpy: '{numpy}' → '0.1', and what follows: 2 artifacts of 2 stages",
        "  scipy: (absent) → '1.0', and what follows: 2 artifacts of 2 stages",
        "inputs:",
        f"  {RAW} changed, and what follows: 9 artifacts of 5 stages",
        "seeds:",
        "  attacks: 0 → 5, and what follows: 8 artifacts of 4 stages",
        "9 of 9 artifacts that both have differ",
    ]


def test_a_stage_that_is_not_deterministic_is_unexplained(pair):
    pair.again(chance=b"!")
    assert lines(pair)[:2] == [
        "unexplained (no determinism, or something that is read and not declared):",
        "  train (checkpoints/dpo/seed0/model.safetensors), and what follows: 5 artifacts of 3 stages",
    ]
    for seed in (0, 1):
        name = f"{OTHER}/checkpoints/dpo/seed{seed}/model.safetensors"
        edit_record(pair, name, lambda record: record["surroundings"]["hardware"].update(processor="another"))
    assert lines(pair)[0] == "hardware:" and "→ 'another', and what follows: 5 artifacts of 3 stages" in lines(pair)[1]


def test_an_input_that_was_made_again_since_is_a_cause(pair):
    """The table was made of other metrics than those that stand there now."""
    table = f"{OTHER}/tables/typographic.csv"
    pair.path(metrics(OTHER)).write_bytes(b"before")
    pair.stage("table", [metrics(OTHER, seed) for seed in (0, 1)], {table: b"old"}, wildcards={"table": "typographic"})
    pair.path(metrics(OTHER)).write_bytes(pair.path(metrics(ONE)).read_bytes())
    assert "  metrics/dpo.seed0.parquet changed, and what follows: 1 artifact of 1 stage" in lines(pair)


def test_artifacts_without_a_partner_are_counted_by_stage(pair):
    pair.again(datasets=("animals", "food"), seeds=(0,))
    assert lines(pair) == [
        "settings:",
        "  seeds: [0, 1] → [0], and what follows: 1 artifact of 1 stage",
        f"only in {ONE}: 4 artifacts of 2 stages (train 3, evaluate 1)",
        f"only in {OTHER}: 2 artifacts of 2 stages (manifest 1, attacks 1)",
        "2 of 6 artifacts that both have differ, the others are the same bytes",
    ]
    assert json.loads(audit("--json", ONE, OTHER).stdout)["only"]["first"] == {"train": 3, "evaluate": 1}


def test_two_artifacts_of_other_seeds_are_paired_down_to_what_they_share(pair):
    assert lines(pair, metrics(ONE, 0), metrics(ONE, 1)) == [
        "seeds:",
        "  evaluate: 0 → 1, and what follows: 1 artifact of 1 stage",
        "  train: 0 → 1, and what follows: 2 artifacts of 2 stages",
        "2 of 4 artifacts that both have differ, the others are the same bytes",
    ]


def remove_file(demo, name):
    demo.path(name).unlink()


def remove_record(demo, name):
    demo.path(f"{name}.prov.json").unlink()


def cut_record(demo, name):
    demo.path(f"{name}.prov.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "reason", "code"),
    [
        (remove_file, "is missing", 1),
        (lambda demo, name: demo.flip(name), "is not what its record says", 1),
        (remove_record, "has no record", 4),
        (cut_record, "has no usable record: its record is malformed at the top", 1),
    ],
)
def test_what_cannot_be_compared_is_said_and_never_called_the_same(pair, damage, reason, code):
    name = f"{OTHER}/tables/typographic.csv"
    damage(pair, name)
    found = audit(ONE, OTHER)
    first, last = found.stdout.splitlines()
    assert first.startswith(f"tables/typographic.csv in {OTHER} {reason}") and found.exit_code == code
    assert last == "0 of 8 artifacts that both have differ, the others are the same bytes"
    answer = json.loads(audit("--json", ONE, OTHER).stdout)
    assert answer["equal"] is False and answer["exit_code"] == code
    assert answer["problems"][0]["place"] == "tables/typographic.csv"


def test_records_alone_prove_nothing(pair):
    """Both records say the same bytes, and both files hold others."""
    for folder in (ONE, OTHER):
        pair.flip(metrics(folder))
    assert [line.partition(" in ")[0] for line in lines(pair)[:2]] == ["metrics/dpo.seed0.parquet"] * 2
    assert lines(pair)[-1].startswith("0 of 8 artifacts")


def test_a_long_answer_is_cut_and_json_holds_it_all(pair):
    name = f"{OTHER}/tables/typographic.csv"
    edit_record(
        pair, name, lambda record: record["run"]["code"]["files"].update({f"x{n}.py": "0" * 64 for n in range(9)})
    )
    found = lines(pair)
    assert found[1] == "  x0.py is new, and what follows: nothing" and found[7] == "  and 3 more (--json has all)"
    assert len(json.loads(audit("--json", ONE, OTHER).stdout)["causes"]) == 9


def test_unusable_targets(pair):
    for targets in ((ONE, metrics(ONE)), (RAW, RAW), ("results", ONE)):
        with pytest.raises(LineageError, match="need two artifacts with records, or the folders of two runs"):
            diff(pair.project, *targets)
    pair.path("results/empty/tables").mkdir(parents=True)
    pair.path("results/empty/tables/x.csv").write_text("x")
    with pytest.raises(LineageError, match=r"^src: holds no artifact with a record; name the folder of a run\.$"):
        diff(pair.project, ONE, "src")
    with pytest.raises(LineageError, match=r"^results/empty: holds no artifact with a record"):
        diff(pair.project, ONE, "results/empty")
    with pytest.raises(LineageError, match="no such file"):
        diff(pair.project, "nothing", ONE)

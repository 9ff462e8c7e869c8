"""Configurations: whatever is wrong is one message that names the file and the key, and says what is allowed."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from prefclip.config import Config, ConfigError, MethodConfig, check_config, json_schema, method_names, read_config
from prefclip.config.analyses import ConceptConfig
from prefclip.config.overview import overview
from prefclip.config.pictures import OwnSet
from prefclip.config.sections import listed
from prefclip.config.sweeps import GridConfig
from prefclip.datasets.registry import DATASETS, EMBEDDED_DATASETS
from prefclip.objectives import names

ROOT = Path(__file__).resolve().parents[1]
EMBEDDED = yaml.safe_load((ROOT / "config/embedded.yaml").read_text(encoding="utf-8"))
EMBEDDED_SETS = ", ".join(EMBEDDED_DATASETS)
REMOVED = object()


def changed(key: str, value: object) -> dict:
    """The default configuration with one dotted key set, or removed."""
    values = copy.deepcopy(EMBEDDED)
    section, (*outer, last) = values, key.split(".")
    for part in outer:
        section = section.setdefault(part, {})
    if value is REMOVED:
        del section[last]
    else:
        section[last] = value
    return values


def complaint(values: object) -> str:
    """What a file with these values is refused with; the file's name, which comes first, is checked and left out."""
    with pytest.raises(ConfigError) as caught:
        check_config(values, "run.yaml", DATASETS)
    message = str(caught.value)
    assert message.startswith("run.yaml: ") and message.endswith(".") and "\n" not in message
    return message.removeprefix("run.yaml: ")


def sections() -> dict[str, type[BaseModel]]:
    """Every mapping of keys in a configuration, by its dotted name; "" is the top level."""
    found = {
        "": Config,
        "methods.dpo": MethodConfig,
        "sweeps.grids.beta": GridConfig,
        "concepts.reading": ConceptConfig,
        "data.own.shelf": OwnSet,
    }
    for name, field in Config.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        for kind in kinds:
            if name not in ("methods", "concepts") and isinstance(kind, type) and issubclass(kind, BaseModel):
                found[name] = kind
    return found


WHOLE = sorted({*(ROOT / "config").glob("*.yaml")} - {ROOT / "config/claims.yaml", ROOT / "config/rehearsal.yaml"})


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_shipped_configurations_are_sound_and_fit_the_schema(path):
    config = read_config(path, datasets=DATASETS)
    assert config.experiment == path.stem
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), json_schema())
    jsonschema.validate(config.model_dump(mode="json"), json_schema())


@pytest.mark.parametrize("path", sorted((ROOT / "config/backbones").glob("*.yaml")), ids=lambda path: path.name)
def test_backbones_change_the_papers_run(path):
    paper = read_config(ROOT / "config/paper.yaml")
    config = read_config(ROOT / "config/paper.yaml", path)
    assert config.experiment == f"paper_{path.stem}"
    assert config.model.name.endswith("-quickgelu") and config.model.weights == "openai"
    assert config.training.micro_batch_size < paper.training.micro_batch_size
    same = {"experiment": "", "model": paper.model, "training": paper.training}
    assert config.model_copy(update=same) == paper.model_copy(update=same)
    micro = config.training.model_copy(update={"micro_batch_size": paper.training.micro_batch_size})
    assert micro == paper.training


def test_later_files_change_single_keys(tmp_path):
    (tmp_path / "more.yaml").write_text("training: {epochs: 9}\nseeds: [7]\n")
    config = read_config(ROOT / "config/embedded.yaml", tmp_path / "more.yaml")
    assert config.training.epochs == 9 and config.training.batch_size == 128 and config.seeds == (7,)
    (tmp_path / "more.yaml").write_text("training: {epoch: 9}\n")
    with pytest.raises(ConfigError, match=r"embedded\.yaml, .*more\.yaml: unknown key 'training\.epoch'"):
        read_config(ROOT / "config/embedded.yaml", tmp_path / "more.yaml")


def test_the_shipped_schema_is_current():
    shipped = (ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8")
    remedy = "run `prefclip config schema > workflow/schemas/config.schema.json`"
    assert json.loads(shipped) == json_schema(), remedy


def test_default_run_has_the_methods_sets_and_seeds_of_the_paper():
    config = read_config(ROOT / "config/embedded.yaml")
    assert method_names(config) == ["clip", "ce", "ce_kl", "dpo", "ipo", "kto"]
    data = EMBEDDED["data"]
    assert config.datasets == (data["train"], *data["zero_shot"], *data["bias"])
    assert set(config.datasets) == set(EMBEDDED_DATASETS)
    assert len(config.seeds) >= 3
    assert not config.methods["ce"].averaging and all(config.methods[name].averaging for name in ("dpo", "ipo", "kto"))


def test_a_resolved_configuration_resolves_to_itself():
    config = check_config(EMBEDDED, "first", DATASETS)
    assert check_config(config.model_dump(mode="json"), "second", DATASETS) == config


@pytest.mark.parametrize(
    ("section", "key"), [(name, key) for name, model in sections().items() for key in model.model_fields]
)
def test_misspelt_keys_are_named_with_the_key_that_was_meant(section, key):
    where = f"{section}.{key}_" if section else f"{key}_"
    message = complaint(changed(where, 1))
    assert f"unknown key '{where}' (did you mean '{key}'?); allowed: " in message
    assert set(message.split("; allowed: ")[1].rstrip(".").split(", ")) == set(sections()[section].model_fields)


def test_unknown_keys_like_no_other_list_what_is_allowed():
    assert complaint(changed("training.colour", 1)).startswith(
        "unknown key 'training.colour'; allowed: epochs, batch_size"
    )


def test_a_method_may_be_called_like_a_key():
    values = changed("methods.objective", {"objective": "dpo", "epoch": 3})
    assert "unknown key 'methods.objective.epoch' (did you mean 'epochs'?)" in complaint(values)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("data.train", "foods", f"data.train: unknown data set 'foods'; allowed: {EMBEDDED_SETS}."),
        ("data.zero_shot", ["food", "dtd"], f"data.zero_shot: unknown data set 'dtd'; allowed: {EMBEDDED_SETS}."),
        ("data.bias", ["folk"], f"data.bias: unknown data set 'folk'; allowed: {EMBEDDED_SETS}."),
        (
            "data.zero_shot",
            ["food", "food"],
            "data.zero_shot: 'food' is already in data.zero_shot; name every set once.",
        ),
        ("data.bias", ["animals"], "data.bias: 'animals' is already in data.train; name every set once."),
        ("experiment", "reference", "experiment: results/reference is not for runs; choose another name."),
        ("experiment", "x" * 101, "experiment: "),
        ("data.source", "web", "data.source: must be 'embedded' or 'downloaded', got 'web'."),
        ("data.zero_shot", "food", "data.zero_shot: expected a list, got 'food'."),
        ("methods.dpo.objective", "ppo", f"methods.dpo: unknown objective 'ppo', allowed: {', '.join(names())}."),
        ("methods.dpo.objective", REMOVED, f"methods.dpo: key 'objective' is missing ({listed(names())})."),
        ("methods.dpo", None, "methods.dpo: expected a mapping of keys, got None."),
        ("methods", ["dpo"], "methods: expected a mapping of keys, got ['dpo']."),
        ("methods.clip", {"objective": "dpo"}, "methods: clip is the untouched model and takes no settings"),
        ("methods.a/b", {"objective": "dpo"}, "methods.a/b: expected letters, digits, _ and -"),
        (
            "methods.dpo.parameters",
            {"bet": 1},
            "methods.dpo: objective 'dpo' has no parameter 'bet', allowed are beta: a",
        ),
        ("methods.dpo.parameters", {"beta": 0}, "methods.dpo: beta of objective 'dpo' must be a number > 0, got 0"),
        ("methods.dpo.parameters", {"beta": [1]}, "methods.dpo.parameters.beta: expected a number or a word, got [1]."),
        ("methods.dpo.parameters", {"beta": True}, "methods.dpo.parameters: takes no yes/no, got true."),
        ("methods.dpo.parameters", {"label_smoothing": 0.5}, "must be a number >= 0 and < 0.5, got 0.5"),
        ("methods.ipo.parameters", {"label_smoothing": 0.1}, "(dpo alone smooths labels), got 0.1"),
        ("methods.kto.parameters", {"reference_point": "mean"}, "one of 'regulariser', 'mismatched', 'exact'"),
        ("methods.dpo.learning_rate", -1, "methods.dpo.learning_rate: must be greater than 0, got -1."),
        ("training.epochs", 0, "training.epochs: must be greater than 0, got 0."),
        ("training.epochs", 1.5, "training.epochs: expected a whole number, got 1.5."),
        ("training.epochs", True, "training.epochs: takes no yes/no, got true."),
        ("training.learning_rate", "fast", "training.learning_rate: expected a number, got 'fast'."),
        ("training.learning_rate", float("nan"), "training.learning_rate: expected a finite number, got nan."),
        ("training.learning_rate", float("inf"), "training.learning_rate: expected a finite number, got inf."),
        ("training.warmup_ratio", 1.1, "training.warmup_ratio: must be less than or equal to 1, got 1.1."),
        ("training.trainable", "heads", "training.trainable: must be 'image', 'all' or 'head', got 'heads'."),
        ("training.compile", "maybe", "training.compile: expected true or false, got 'maybe'."),
        ("training", [3], "training: expected a mapping of keys, got [3]."),
        ("evaluation.confidence", 1, "evaluation.confidence: must be less than 1, got 1."),
        ("attack.largest_size", 5, "attack: largest_size must be at least smallest_size."),
        ("attack.seed", -1, "attack.seed: must be greater than or equal to 0, got -1."),
        ("model.image_size", 0, "model.image_size: must be greater than 0, got 0."),
        ("experiment", "a/b", "experiment: expected letters, digits, _ and -, the first a letter or digit, got 'a/b'."),
        ("experiment", "../up", "experiment: expected letters, digits, _ and -"),
        ("experiment", 3, "experiment: expected text, got 3."),
        ("protocol", "mine", "protocol: must be 'paper' or 'released_code', got 'mine'."),
        ("seeds", [0, 1, 0], "seeds: 0 occurs twice; name each once."),
        ("seeds", [], "seeds: expected at least 1 item(s), got []."),
        ("seeds", [-1], "seeds.0: must be greater than or equal to 0, got -1."),
        ("seeds", 3, "seeds: expected a list, got 3."),
        ("methods", REMOVED, "key 'methods' is missing"),
        ("concepts.reading.concept", "fame", "concepts.reading.concept: must be 'reading' or 'gender', got 'fame'."),
        ("concepts.reading.concept", REMOVED, "key 'concepts.reading.concept' is missing (trained on typographic or"),
        ("concepts.reading.scales", [-1, 1], "concepts.reading: scales: 0 (the untouched model) and 1 (the trained"),
        ("concepts.reading.scales", [1, 0], "concepts.reading: scales: values must ascend and differ, got [1.0, 0.0]."),
        ("concepts.reading.seeds", [0, 0], "concepts.reading.seeds: 0 occurs twice; name each once."),
        (
            "concepts.reading.rank",
            64,
            "concepts.reading: start: a map of reduced rank has no identity; use orthogonal.",
        ),
        ("concepts.reading.dataset", "food", "concepts.reading: dataset: a reading map is trained on data.train;"),
        ("concepts.gender.dataset", "folk", "concepts.gender.dataset: 'folk' is not in data.bias, which has: people."),
        ("concepts.gender.parameters", {"beta": "1e-3x"}, "concepts.gender: beta of objective 'dpo' must be a number"),
        ("concepts.gender_neutral.objective", "kto", "preference: kto gains nothing from neutral pairs"),
        ("data.bias", [], "concepts.gender_reversed: a gender map needs a set of people; name one in data.bias."),
        ("data.people_train_images", -1, "data.people_train_images: must be greater than or equal to 0, got -1."),
    ],
)
def test_values_out_of_range_are_named_with_what_is_allowed(key, value, message):
    assert message in complaint(changed(key, value))


def test_every_mistake_is_listed():
    values = changed("training.epochs", 0) | {"seeds": [1, 1], "colour": "red"}
    message = complaint(values)
    assert "training.epochs: must be greater than 0, got 0; " in message and "unknown key 'colour'" in message


def test_downloaded_data_sets_are_checked_by_name():
    values = changed("data", {"source": "downloaded", "train": "imagenet100", "zero_shot": ["dtdd"], "bias": []})
    message = complaint(values)
    assert "data.zero_shot: unknown data set 'dtdd'; allowed: " in message and " imagenet100," in message


@pytest.mark.parametrize(
    ("role", "names", "message"),
    [
        ("real", ["dtd"], "data.real: 'dtd' is no set of attacked photographs; allowed: disentangling, noscam, paint"),
        ("real", ["scum"], "data.real: unknown data set 'scum'; allowed: caltech101"),
        ("real", ["paint", "paint"], "data.real: 'paint' is already in data.real; name every set once."),
        ("zero_shot", ["rta100"], "data.zero_shot: 'rta100' bears words already, so it belongs in data.real."),
    ],
)
def test_real_photographs_have_a_role_of_their_own(role, names, message):
    values = {"source": "downloaded", "train": "imagenet100", "zero_shot": [], "bias": [], role: names}
    assert message in complaint(changed("data", values))
    embedded = complaint(changed("data.real", ["food"]))
    assert "'food' is no set of attacked photographs; allowed: none of the embedded world" in embedded


def test_data_sets_are_those_that_are_handed_in():
    entry = SimpleNamespace(obtained="manual", role="zero-shot", splits={})
    values = changed("data", {"source": "downloaded", "train": "mine", "zero_shot": [], "bias": []}) | {
        "concepts": {},
        "sweeps": {},
    }
    assert "unknown data set 'mine'; allowed: caltech101" in complaint(values)
    assert check_config(values, "run.yaml", {"mine": entry}).datasets == ("mine",)
    with pytest.raises(ConfigError, match="unknown data set 'mine'; allowed: other"):
        check_config(values, "run.yaml", {"other": entry})
    assert check_config(values, "run.yaml").datasets == ("mine",), "without any, names go unchecked"


def test_words_are_written_on_all_but_the_real_photographs():
    config = read_config(ROOT / "config/paper.yaml")
    assert set(config.datasets) - set(config.attacked_datasets) == set(config.data.real) >= {"rta100", "noscam"}
    assert config.datasets[0] == config.data.train


@pytest.mark.parametrize("values", [None, [], "dpo", 3])
def test_only_a_mapping_is_a_configuration(values):
    found = "nothing" if values is None else type(values).__name__
    assert complaint(values) == f"expected a mapping of keys, got {found}; see config/embedded.yaml."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a mapping of keys, got nothing"),
        (b"# only a comment\n", "expected a mapping of keys, got nothing"),
        (b"- dpo\n", "expected a mapping of keys, got list"),
        (b"experiment: [a\n", "not valid YAML (line 2: expected ',' or ']'"),
        (b"experiment:\n\ta: b\n", "not valid YAML (line 2: found character '\\t'"),
        (b"experiment: a\nseeds: [0]\nexperiment: b\n", "not valid YAML (line 3: the key 'experiment' occurs twice)"),
        (b"methods: {dpo: {objective: dpo}, dpo: {objective: ipo}}\n", "(line 1: the key 'dpo' occurs twice)"),
        (b"[" * 5000, "not valid YAML (maximum recursion depth exceeded"),
        (b"? [a]\n: b\n", "not valid YAML (line 1: found unhashable key)"),
        (b"\xff\xfe\x00\x01", "not valid YAML ('utf-8' codec can't decode"),
        (b"a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
        (b"1: 2\nmethods: {}\n", "1: Keys should be strings, got 1."),
    ],
)
def test_files_that_hold_no_configuration_are_named(tmp_path, content, message):
    path = tmp_path / "run.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(
        ConfigError, match=r"no\.yaml: no such configuration file; config/embedded\.yaml is the default"
    ):
        read_config(tmp_path / "no.yaml")
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        read_config(tmp_path)


def test_numbers_that_yaml_takes_for_text_are_read(tmp_path):
    path = tmp_path / "run.yaml"
    method = "{objective: ipo, learning_rate: 2e-5, parameters: {beta: 1e-2}}"
    path.write_text(f"training: {{learning_rate: 1e-3}}\nmethods: {{ipo: {method}}}\n")
    config = read_config(path)
    assert config.training.learning_rate == 1e-3 and config.methods["ipo"].learning_rate == 2e-5
    assert config.methods["ipo"].parameters == {"beta": 0.01}


@pytest.mark.parametrize("name", [name for name in sections() if name])
def test_schema_refuses_unknown_keys_in_every_section(name):
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(jsonschema.ValidationError, match="Additional properties are not allowed"):
        jsonschema.validate(changed(f"{name}.colour", "red"), schema)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("colour", "red"),
        ("methods.dpo.objective", "ppo"),
        ("methods.dpo.objective", REMOVED),
        ("methods", REMOVED),
        ("training.epochs", 0),
        ("training.trainable", "heads"),
        ("experiment", "a/b"),
        ("seeds", []),
        ("seeds", [-1]),
    ],
)
def test_schema_refuses_values_out_of_range(key, value):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed(key, value), json_schema())


def test_schema_explains_every_objective_and_most_keys():
    definitions = json_schema()["$defs"]
    assert definitions["MethodConfig"]["properties"]["objective"]["enum"] == list(names())
    described = {
        key for entry in definitions.values() for key, value in entry["properties"].items() if "description" in value
    }
    assert {"smallest_size", "trainable", "averaging", "max_images"} <= described


def test_every_key_is_explained():
    lines = overview(json_schema())
    for name, model in sections().items():
        title = (
            name.replace("methods.dpo", "methods.<name>")
            .replace("concepts.reading", "concepts.<name>")
            .replace("grids.beta", "grids.<name>")
            .replace("own.shelf", "own.<name>")
        )
        start = next(number for number, line in enumerate(lines) if line.startswith(f"{title}: ")) + 1 if name else 0
        block = lines[start : [*lines, ""].index("", start)]
        explained = {line.split()[0]: line.partition("]  ")[2].strip() for line in block}
        nested = {key for key, value in json_schema()["properties"].items() if "$ref" in value} | {
            "methods",
            "concepts",
            "saliency",
            "tuning",
        }
        wanted = set(model.model_fields) - (nested if not name else {"grids", "own"})
        assert set(explained) == wanted and all(explained.values()), name
    text = "\n".join(lines)
    assert "precision" in text and "[fp32 | tf32 | bf16; default fp32]" in text
    assert "confidence" in text and "[number > 0 and < 1; default 0.95]" in text
    assert "kto: Kahneman-Tversky" in text and "one of 'regulariser', 'mismatched', 'exact'" in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
keys = st.sampled_from(
    [f"{name}.{key}".lstrip(".") for name, model in sections().items() for key in model.model_fields]
)


@given(key=keys, value=json_values)
def test_whatever_stands_at_a_key_is_taken_or_refused_in_one_line(key, value):
    try:
        config = check_config(changed(key, value), "run.yaml", DATASETS)
    except ConfigError as error:
        assert str(error).startswith("run.yaml: ")
    else:
        assert check_config(config.model_dump(mode="json"), "again", DATASETS) == config

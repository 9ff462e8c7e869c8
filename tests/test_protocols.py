"""docs/protocols.md is what configurations resolve to, row by row, and what the two protocols say."""

import re
from functools import reduce
from itertools import chain
from pathlib import Path

import pytest
import yaml

from prefclip.config import Config, check_config, read_config
from prefclip.config.protocols import PROTOCOLS
from prefclip.datasets.registry import DATASETS

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/protocols.md").read_text(encoding="utf-8")
PAPER, RELEASED = "config/paper.yaml", "config/released_code.yaml"


def table(title: str) -> list[list[str]]:
    """The cells of the first table below a heading, its own heading left out."""
    below = PAGE.split(f"## {title}\n")[1]
    rows = re.search(r"(?:^\|.*\n)+", below, re.M).group().splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def value_of(cell: str) -> object:
    """The value that a cell starts with, in code."""
    return yaml.safe_load(re.match(r"`([^`]+)`", cell).group(1))


VALUES = {
    protocol: {row[1].strip("`"): value_of(row[column]) for row in table("What a protocol sets")}
    for column, protocol in enumerate(("paper", "released_code"), start=2)
}
KEYS = list(VALUES["paper"])


def shipped() -> list[tuple[str, ...]]:
    """Every configuration that ships: those without methods over the paper's, the released one over others, too."""
    read = {str(path.relative_to(ROOT)): yaml.safe_load(path.read_text()) for path in (ROOT / "config").rglob("*.yaml")}
    runs = {name: values for name, values in read.items() if isinstance(values, dict) and "experiment" in values}
    found = [(name,) if "methods" in values else (PAPER, name) for name, values in runs.items()]
    photographs = [name for name, values in runs.items() if values.get("data", {}).get("source") == "downloaded"]
    return sorted([*found, *((name, RELEASED) for name in photographs if name != RELEASED)])


def resolved(names: tuple[str, ...]) -> Config:
    return read_config(*(ROOT / name for name in names), datasets=DATASETS)


def value_in(config: Config, key: str) -> object:
    """The value of a key of the page, defaults spelt out."""
    section, *parts = key.split(".")
    if section != "methods":
        return reduce(getattr, parts, getattr(config, section))
    method, _, parameter = parts
    return config.methods[method].all_parameters[parameter]


def compared(names: tuple[str, ...], config: Config) -> list[str]:
    """The rows of the page that are of a run: those of its methods only where no search has chosen their settings."""
    searched = any("tuned" in yaml.safe_load((ROOT / name).read_text()) for name in names)
    return [
        key for key in KEYS if not key.startswith("methods.") or (not searched and key.split(".")[1] in config.methods)
    ]


def test_every_kind_of_configuration_is_found():
    assert {(PAPER,), (RELEASED,), (PAPER, RELEASED), ("config/embedded.yaml",)} <= set(shipped())
    assert (PAPER, "config/backbones/vit_b_16.yaml") in shipped()
    assert set(compared((RELEASED,), resolved((RELEASED,)))) == set(KEYS) and len(KEYS) == 15
    assert len(compared(("config/embedded.yaml",), resolved(("config/embedded.yaml",)))) == 11


@pytest.mark.parametrize("names", shipped(), ids="+".join)
def test_a_shipped_configuration_is_what_the_page_says(names):
    config = resolved(names)
    expected = VALUES[config.protocol]
    rows = compared(names, config)
    assert {key: value_in(config, key) for key in rows} == {key: expected[key] for key in rows}


@pytest.mark.parametrize("names", [names for names in shipped() if len(names) == 1], ids="+".join)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_key_protocol_alone_switches_all_rows_but_those_of_methods(names, protocol):
    values = {**yaml.safe_load((ROOT / names[0]).read_text()), "protocol": protocol}
    config = check_config(values, names[0])
    rows = [key for key in KEYS if not key.startswith("methods.")]
    assert {key: value_in(config, key) for key in rows} == {key: VALUES[protocol][key] for key in rows}


def named(name: str) -> set[str]:
    """The dotted keys that a file names."""
    values = yaml.safe_load((ROOT / name).read_text())
    return {f"{section}.{key}" for section, keys in values.items() if isinstance(keys, dict) for key in keys}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_page_has_every_key_that_a_protocol_sets(protocol):
    config = check_config({"protocol": protocol, "methods": {}}, "test")
    plain = [key for key in KEYS if not key.startswith("methods.")]
    assert {key: value_in(config, key) for key in plain} == {key: VALUES[protocol][key] for key in plain}
    decided = {f"{section}.{key}" for preset in PROTOCOLS.values() for section, keys in preset.items() for key in keys}
    assert decided <= set(plain)


def test_no_shipped_file_names_a_key_of_the_first_rows():
    rows = {key for key in KEYS if not key.startswith("methods.")}
    assert "No shipped file names a key of the first eleven rows" in PAGE and len(rows) == 11
    assert {str(path): rows & named(path) for path in chain(*shipped()) if rows & named(path)} == {}


def test_the_page_counts_the_train_splits():
    released = [card.name for card in DATASETS.values() if card.released_split == "train" and card.role == "zero-shot"]
    assert len(released) == 7 and "train splits of seven sets" in PAGE


def test_every_difference_names_lines_and_a_key():
    """The ledger of claims refers to its rows."""
    differences = table("Where print and released code differ")
    names = [row[0].strip("`") for row in differences]
    wanted = {"lambda", "warm_up", "trained_parts", "resolution", "test_splits", "skipped_batches", "kl_direction"}
    assert wanted <= set(names) and len(set(names)) == len(names)
    for name, printed, released, places, keys in differences:
        assert printed and released and re.match(r"`(scripts|config)/[\w/]+\.py:\d+", places), name
        known = [re.sub(r"\.\*\.", ".kto.", key) for key in re.findall(r"`([^`]+)`", keys)]
        assert set(known) <= set(KEYS) and (known or keys.startswith("none")), name

"""The ledger ``config/claims.yaml``: claims, what tests each, and the rule that decides."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from prefclip.config.messages import explain
from prefclip.config.reading import one_line, parse_yaml
from prefclip.config.sections import Name
from prefclip.errors import PrefclipError
from prefclip.leaves import leaf_names
from prefclip.reporting.claims.rules import check_rule
from prefclip.run.plan import ledger_file

Text = Annotated[str, Field(min_length=1)]


def _texts(value: Any) -> Any:
    if not all(isinstance(each, str) for each in (value if isinstance(value, list) and value else [value])):
        raise ValueError(f"expected text in quotes, or a list of it, got {value!r}")
    return value


Keys = dict[str, Annotated[str | list[str], BeforeValidator(_texts)]]


class LedgerError(PrefclipError):
    """The ledger cannot be read, or has an entry that does not hold together."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Experiment(_Part):
    """What a target of the workflow measures, and what it takes at most.

    ``minutes`` on two CPU cores, or on ``gpu`` where it needs one; ``figure``: the one that stands for it.
    """

    title: Text
    measures: Text
    target: Text = Field(description="of Snakemake, or a command")
    config: str = ""
    minutes: Annotated[int, Field(gt=0)]
    memory_gb: Annotated[int, Field(gt=0)]
    gpu: str = ""
    figure: str = ""


class Claim(_Part):
    """One claim; of its ``cases`` each is judged for itself, and ``{case}`` in a cell stands for its name.

    Attributes:
        says: the claim in our words; ``stands``: where it does.
        printed, released, ours: what the paper prints, what the released code does, what is done here.
        differs: how the released code differs from the print, where it does.
        experiment: what tests it, by name; empty for a claim about text and code alone.
        cells: by name, the table and the keys of one number in it; of a list the first that the table has is meant.
        verified, falsified: rules over the cells; where neither holds the verdict is inconclusive.
        because: why the rule is what it is.
    """

    id: Name
    says: Text
    stands: Annotated[list[Text], Field(min_length=1)]
    experiment: str = ""
    cases: dict[str, dict[str, str]] = {}
    printed: str = ""
    released: str = ""
    ours: str = ""
    differs: str = ""
    cells: dict[str, Keys] = {}
    verified: str = ""
    falsified: str = ""
    because: str = ""
    figure: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        rules = [rule for rule in (self.verified, self.falsified) if rule]
        if bool(rules) != bool(self.because) or len(rules) == 1:
            raise ValueError("give the rules verified and falsified with their reason, because; or none")
        if not rules and not self.differs:
            raise ValueError("give rules, or say in differs how code and print differ")
        if rules and not (self.cells and self.experiment):
            raise ValueError("rules need cells, and the experiment that makes them")
        for rule in rules:
            check_rule(rule, tuple(self.cells))
        for name, keys in self.cells.items():
            if not name.isidentifier():
                raise ValueError(f"the cell {name!r} needs a name of letters, digits and _, such as kl_at_0")
            if not isinstance(keys.get("table"), str):
                raise ValueError(f"the cell {name} does not say its table; write such as table: main_results")
        for case in self.cases or ("",):
            self.cells_of(case)
        return self

    @property
    def tables(self) -> list[str]:
        """The tables that it is judged by, each once."""
        return list(dict.fromkeys(str(keys["table"]) for keys in self.cells.values()))

    def cells_of(self, case: str) -> dict[str, dict[str, list[str]]]:
        """Return the cells of one case, of the only one if there is none by name; of each key the values it may have.

        Raises ValueError for an unknown placeholder.
        """
        words = {"case": case, **self.cases[case]} if self.cases else {}

        def filled(found: re.Match) -> str:
            if found[1] not in words:
                allowed = ", ".join(f"{{{word}}}" for word in words) or "none, without cases"
                raise ValueError(f"a cell has an unknown placeholder {found[0]!r}; allowed: {allowed}")
            return words[found[1]]

        return {
            name: {
                key: [
                    re.sub(r"\{(.*?)\}|[{}]", filled, each) for each in ([value] if isinstance(value, str) else value)
                ]
                for key, value in keys.items()
            }
            for name, keys in self.cells.items()
        }


def tables_of(claims: Iterable[Claim]) -> list[str]:
    """Return the tables that claims are judged by, each once."""
    return list(dict.fromkeys(table for claim in claims for table in claim.tables))


class Scope(_Part):
    """A line of the table *At a glance*: what this repository does on two cores, and what a full replication takes."""

    what: Text
    ours: Text
    full: Text


class Ledger(_Part):
    glance: list[Scope]
    experiments: dict[Name, Experiment]
    claims: list[Claim]

    @model_validator(mode="after")
    def _linked(self) -> Self:
        names = [claim.id for claim in self.claims]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two claims are called {', '.join(sorted(twice))}")
        known = {kind: leaf_names(f"prefclip.reporting.{kind}s") for kind in ("table", "figure")}
        named = [(f"experiments.{name}", "figure", each.figure) for name, each in self.experiments.items()]
        for claim in self.claims:
            place = f"claims.{claim.id}"
            named += [(place, "experiment", claim.experiment), (place, "figure", claim.figure)]
            named += [(place, "table", table) for table in claim.tables]
        known["experiment"] = tuple(self.experiments)
        for place, kind, name in named:
            if name and name not in known[kind]:
                raise ValueError(f"{place}: unknown {kind} {name!r}; allowed: {', '.join(known[kind])}")
        return self


def shipped_ledger() -> Ledger:
    """Return the ledger of the repository. Raises LedgerError."""
    return _read_once(Path(ledger_file()).resolve())


def read_ledger(path: str | Path) -> Ledger:
    """Read a ledger. Raises LedgerError that names the file and what is wrong in it."""
    values = None
    try:
        values = parse_yaml(Path(path).read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            keys = ", ".join(Ledger.model_fields)
            raise LedgerError(f"{path}: expected a mapping of keys, {keys}; `git checkout` brings it back.")
        return Ledger.model_validate(values)
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read ({error.strerror}); `git checkout` brings it back.") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise LedgerError(f"{path}: not a readable YAML file ({one_line(error)}); correct it.") from error
    except ValidationError as error:
        # A claim is known by its id, not by its place.
        said = re.sub(r"\bclaims\.(\d+)", lambda found: f"claims.{_id(values, int(found[1]))}", explain(error, Ledger))
        raise LedgerError(f"{path}: {said}.") from error


def _id(values: dict, place: int) -> object:
    claim = values["claims"][place]
    return claim.get("id", place) if isinstance(claim, dict) else place


_read_once = lru_cache(maxsize=4)(read_ledger)

"""The ledger ``config/claims.yaml``: claims, what tests each, and the rule that decides, written before the result."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from prefclip.errors import PrefclipError
from prefclip.reporting.claims.rules import check_rule
from prefclip.run.plan import ledger_file

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Text = Annotated[str, Field(min_length=1)]


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
        cells: by name, the table and the keys of one number in it.
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
    cells: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], dict[str, str]] = {}
    verified: str = ""
    falsified: str = ""
    because: str = ""
    figure: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        rules = [rule for rule in (self.verified, self.falsified) if rule]
        if bool(rules) != bool(self.because) or len(rules) == 1:
            raise ValueError(f"{self.id}: give the rules verified and falsified with their reason, because; or none")
        if not rules and not self.differs:
            raise ValueError(f"{self.id}: give rules, or say in differs how code and print differ")
        if rules and not (self.cells and self.experiment):
            raise ValueError(f"{self.id}: rules need cells, and the experiment that makes them")
        for rule in rules:
            check_rule(rule, tuple(self.cells))
        for name, keys in self.cells.items():
            if "table" not in keys:
                raise ValueError(f"{self.id}: the cell {name} does not say its table")
        return self

    @property
    def tables(self) -> list[str]:
        """The tables that it is judged by, each once."""
        return list(dict.fromkeys(keys["table"] for keys in self.cells.values()))

    def cells_of(self, case: str) -> dict[str, dict[str, str]]:
        """Return the cells of one case; of the only one if there is none by name."""
        words = {"case": case, **self.cases.get(case, {})}
        return {
            name: {key: value.format_map(words) for key, value in keys.items()} for name, keys in self.cells.items()
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
        for claim in self.claims:
            if claim.experiment and claim.experiment not in self.experiments:
                known = ", ".join(self.experiments)
                raise ValueError(f"{claim.id}: unknown experiment {claim.experiment!r}; allowed: {known}")
            for case in claim.cases or ("",):
                try:
                    claim.cells_of(case)
                except (KeyError, ValueError, IndexError) as error:
                    raise ValueError(f"{claim.id}: a cell has an unknown placeholder ({error})") from error
        return self


def shipped_ledger() -> Ledger:
    """Return the ledger of the repository. Raises LedgerError."""
    return _read_once(Path(ledger_file()).resolve())


def read_ledger(path: str | Path) -> Ledger:
    """Read a ledger. Raises LedgerError that names the file and what is wrong in it."""
    try:
        return Ledger.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read ({error.strerror}); `git checkout` brings it back.") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise LedgerError(f"{path}: not a readable YAML file ({str(error)[:200]}); correct it.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where, said = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        raise LedgerError(f"{path}: {f'{where}: ' if where else ''}{said}.") from error


_read_once = lru_cache(maxsize=4)(read_ledger)

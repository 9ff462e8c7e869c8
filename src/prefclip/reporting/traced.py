"""Numbers that remember what they were computed from, and the list of them that a table stores."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prefclip.evaluation.intervals import Estimate
from prefclip.run.files import RunFiles
from prefclip.table import LETTERS, SHARE, VALUE, Number, Row, Source, Table, Term


@dataclass(frozen=True)
class Mean:
    """The mean of ``measure`` over the rows of each source, averaged over the sources; see `table.Term`."""

    measure: str
    words: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Origin:
    """A formula of means; without any part, that of a number which there is none of."""

    parts: tuple[str | Mean, ...] = ()

    def __add__(self, other: "Origin") -> "Origin":
        return Origin((*self.parts, " + ", *other.parts))

    def __sub__(self, other: "Origin") -> "Origin":
        return Origin((*self.parts, " - ", *other._inner))

    def __rsub__(self, number: int) -> "Origin":
        return Origin((f"{number} - ", *self._inner))

    def __truediv__(self, other: "Origin | int") -> "Origin":
        return Origin((*self._inner, " / ", *(other._inner if isinstance(other, Origin) else [str(other)])))

    @property
    def _inner(self) -> tuple[str | Mean, ...]:
        return self.parts if len(self.parts) == 1 else ("(", *self.parts, ")")


def below_run(layout: RunFiles, path: str) -> str:
    """How tables name a file of a run, so that equal runs name it alike."""
    return path.removeprefix(f"{layout.root}/")


def averaged_over(seeds: int, datasets: Sequence[str]) -> str:
    """``animals, mean over 3 seeds``: which data sets a mean is over, and how many seeds."""
    counts = ((seeds, "seeds"), (len(datasets), "data sets"))
    means = [f"{count} {what}" for count, what in counts if count > 1]
    return ", ".join([*datasets, *([f"mean over {' and '.join(means)}"] if means else [])])


def mean_of(measure: str, words: str, *sources: Source) -> Origin:
    """The origin of one mean."""
    return Origin((Mean(measure, words, sources),))


@dataclass(frozen=True)
class Traced:
    """Samples (S, 1 + B) of a number, as `Estimates` has them, with their origin; arithmetic works on both."""

    samples: NDArray[np.float64]
    origin: Origin = Origin()

    def __add__(self, other: "Traced") -> "Traced":
        return Traced(self.samples + other.samples, self.origin + other.origin)

    def __sub__(self, other: "Traced") -> "Traced":
        return Traced(self.samples - other.samples, self.origin - other.origin)

    def __rsub__(self, number: int) -> "Traced":
        return Traced(number - self.samples, number - self.origin)

    def __truediv__(self, other: "Traced | int") -> "Traced":
        """The ratio of the means over seeds, as its formula says; NaN where the denominator is not above 0."""
        if isinstance(other, int):
            return Traced(self.samples / other, self.origin / other)
        whole = other.samples.mean(axis=0)
        whole = np.where(whole > 0, whole, np.nan)
        # To first order, what each seed makes of the ratio: their mean is the ratio, their spread is its spread.
        of_seeds = self.samples / whole + self.samples.mean(axis=0) / whole * (1 - other.samples / whole)
        return Traced(of_seeds, self.origin / other.origin)


@dataclass
class Once:
    """A list that holds every item once."""

    items: list = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def place(self, item: Source | Term) -> int:
        """Where an item stands; it is added if need be."""
        text = json.dumps(item.model_dump(), ensure_ascii=False)
        if text not in self.places:
            self.places[text] = len(self.items)
            self.items.append(item)
        return self.places[text]


@dataclass
class Numbers:
    """The numbers of a table in order, its terms and its sources."""

    listed: list[Number] = field(default_factory=list)
    terms: Once = field(default_factory=Once)
    sources: Once = field(default_factory=Once)

    def add(
        self,
        keys: Mapping[str, str],
        found: Estimate,
        origin: Origin,
        *,
        n: float | None = None,
        seeds: int | None = None,
        unit: str = SHARE,
        role: str = VALUE,
        signed: bool = False,
        best: bool = False,
        facts: Mapping[str, str | float | None] | None = None,
    ) -> int:
        """Add a number and return its place, which rows name.

        A share is shown in percent with one digit, anything else in its own unit with three.
        """
        places = [part if isinstance(part, str) else self._term(part) for part in origin.parts]
        used = [*dict.fromkeys(place for place in places if isinstance(place, int))]
        formula = "".join(place if isinstance(place, str) else LETTERS[used.index(place)] for place in places)
        low, high = (rounded(end) for end in found[1:])
        number = Number(
            keys=dict(keys),
            role=role,
            value=None if np.isnan(found.value) else float(found.value),
            low=low,
            high=high,
            n=None if n is None or np.isnan(n) else int(n),
            seeds=seeds,
            unit=unit,
            digits=1 if unit == SHARE else 3,
            signed=signed,
            best=best,
            formula=formula,
            terms=used,
            facts={key: fact if isinstance(fact, str) else rounded(fact) for key, fact in (facts or {}).items()},
        )
        self.listed.append(number)
        return len(self.listed) - 1

    def table(
        self,
        name: str,
        caption: str,
        header: Sequence[tuple[str, str]],
        rows: Sequence[Row],
        corner: str = "",
        footnotes: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> Table:
        """The table of these numbers; ``columns`` of its tidy view, where they are not keys and results alone."""
        keys = list(self.listed[0].keys) if self.listed else []
        return Table(
            name=name,
            caption=caption,
            corner=corner,
            header=list(header),
            footnotes=list(footnotes),
            columns=list(columns or [*keys, VALUE, "ci_low", "ci_high", "n", "seeds"]),
            rows=list(rows),
            numbers=self.listed,
            terms=self.terms.items,
            sources=self.sources.items,
        )

    def _term(self, mean: Mean) -> int:
        sources = [self.sources.place(source) for source in mean.sources]
        return self.terms.place(Term(measure=mean.measure, words=mean.words, sources=sources))


def rounded(value: float | None) -> float | None:
    """A number with six digits after the point, so that equal runs give equal text; None for NaN and for nothing."""
    return None if value is None or np.isnan(value) else float(np.round(value, 6)) + 0.0

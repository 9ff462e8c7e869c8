"""config/README.md, written from the schema: how to make a configuration of one's own, and every key in tables."""

from collections.abc import Iterable, Iterator
from typing import Any

from prefclip.config.overview import as_text, described, sections
from prefclip.config.protocols import PROTOCOLS

INTRODUCTION = """\
<!-- Written by `prefclip config explain --markdown > config/README.md`; a test keeps it true. -->
# Configuration

One YAML file describes a run: data sets, attacks, model, methods, seeds, and what is measured. A key that is left out
has its default; an unknown key, or a value that is out of range, is refused in one sentence before anything runs.

```bash
cp config/embedded.yaml my.yaml                  # and edit it
prefclip config check my.yaml                    # every mistake, or the folder of the run
snakemake --cores 2 all --configfile my.yaml     # instead of config/embedded.yaml, not merged into it
snakemake --cores 2 all --config seeds=[7]       # one key changed
```

Runs lie apart by their key `experiment`. A second file after `--configfile` changes keys of the first.

| file | holds |
|---|---|
| `claims.yaml` | no configuration: the claims of the paper and the rules that judge them (`prefclip claims`) |
| `embedded.yaml` | the default: the small world that ships with the repository |
| `embedded_vit.yaml` | its main chain on a transformer of the same size |
| `embedded_maps.yaml` | the search for the settings of its gender maps |
| `paper.yaml` | the paper's run with its printed settings |
| `released_code.yaml` | the same with the choices of the authors' released code |
| `paper_sweeps.yaml` | the sweeps at the paper's scale |
| `released_sweeps.yaml` | the authors' own sweeps as their released code ran them |
| `rehearsal.yaml` | the paper's chain on a few images in minutes; a second file, after `paper.yaml` |
| `backbones/*.yaml` | a larger image tower; a second file, after one of the others |"""


def readme(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of config/README.md: an introduction, a table for each section, protocols and objectives."""
    yield INTRODUCTION
    defaults = {}
    for name, about, keys in sections(schema):
        yield from ("", f"## `{name}`", "", about, "") if name else ("", "## Keys of the top", "")
        yield from _table(
            ("key", "what it may be", "default", "meaning"),
            (
                (f"`{key.name}`", key.choices, "required" if key.required else _code(key.default), key.meaning)
                for key in keys
            ),
        )
        defaults |= {(name, key.name): key.default for key in keys}
    yield from ("", "## Protocols", "")
    yield "What `protocol` sets where a file leaves a key out; `docs/protocols.md` says why the two differ."
    yield ""
    released = PROTOCOLS["released_code"]
    yield from _table(
        ("key", "`paper`", "`released_code`"),
        (
            (f"`{section}.{key}`", _code(defaults[section, key]), _code(as_text(value)))
            for section, values in released.items()
            for key, value in values.items()
        ),
    )
    for heading, key, leaves in described():
        yield from ("", f"## {heading}", "", f"Names of `{key}`, with the keys of `parameters`.", "")
        rows = ((f"`{leaf.name}`", leaf.description, leaf.allowed) for leaf in leaves)
        yield from _table((key, "meaning", "parameters"), rows)


def _code(value: str | None) -> str:
    return "" if value is None else f"`{value}`"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A bar would end a cell, and a word in angle brackets is taken for HTML."""
    for row in (header, ("---",) * len(header), *rows):
        cells = (cell.replace(" | ", " or ").replace("<", r"\<") for cell in row)
        yield f"| {' | '.join(cells)} |"

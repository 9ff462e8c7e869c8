"""Cells of the tables of concept maps: which rows of the sweeps and spectra each number was computed from."""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prefclip.lineage.cells import store_cells
from prefclip.lineage.project import Project

KEYS = ("run_id", "map", "seed", "dataset", "images", "part", "axis", "group", "t", "metric")
REMEDY = "make it again with `prefclip sweep-concept`"
NEUTRAL = "neutral"


def write_concept_cells(
    table: str | Path,
    sweeps: Mapping[tuple[str, int], str | Path],
    neutral: Mapping[tuple[str, int], tuple[str | Path, float]],
    distances: str | Path,
    groups: Mapping[str, Iterable[str]],
    power_name: Callable[[float], str],
) -> Path:
    """Write the cells file of a tidy table of concept maps and return its path.

    A line belongs to the rows of its map that agree with it in all columns that it fills.

    Args:
        table: the CSV.
        sweeps: the numbers of each map and seed.
        neutral: for each gender map and seed its file, and the neutral t in it.
        distances: distances from the identity of all maps.
        groups: data sets that a name in the column ``dataset`` stands for.
        power_name: what the column ``at`` calls a power t, beside ``neutral``.

    Raises LineageError for a line without any row, TableError for a file that is missing or damaged.
    """
    import pandas as pd

    from prefclip.datasets.parquet_tables import read_table

    project = Project.around()
    lines = pd.read_csv(table, keep_default_na=False, dtype=str).to_dict("records")
    names, shown = ({line[key] for line in lines} for key in ("metric", "at"))
    rows, places = [], []
    for (name, seed), path in sweeps.items():
        frame = read_table(path, KEYS, REMEDY)
        for row in frame[frame["metric"].isin(names)].to_dict("records"):
            at = power_name(row["t"])
            powers = {at}
            if (name, seed) in neutral and math.isclose(row["t"], neutral[name, seed][1], abs_tol=1e-9):
                powers.add(NEUTRAL)
            if not powers & shown:
                continue
            places.append({**row, "powers": powers})
            parts = [row["images"], *(row[key] for key in ("part", "axis", "group") if row[key] != "all")]
            own = {"run_id": row["run_id"], "dataset": row["dataset"], "images": " ".join(parts)}
            rows.append(_row(project.name(path), name, seed, at, row["metric"]) | own)
    for (name, seed), (path, _) in neutral.items():
        places.append({**_own(name, seed, "neutral_t"), "powers": {NEUTRAL}})
        rows.append(_row(project.name(path), name, seed, NEUTRAL, "neutral_t"))
    for row in read_table(distances, ("map", "seed", "matrix"), REMEDY).to_dict("records"):
        if row["matrix"] in ("shared", "similarity"):
            name, seed = row["map"], int(row["seed"])
            places.append({**_own(name, seed, "relative_distance"), "powers": {"trained"}})
            found = _row(project.name(distances), name, seed, "trained", "relative_distance")
            rows.append(found | {"images": row["matrix"]})
    cells = [_cell(line, places, {name: set(members) for name, members in groups.items()}) for line in lines]
    return store_cells(table, project, rows, cells)


def _cell(line: dict[str, str], places: list[dict], groups: Mapping[str, set[str]]) -> dict:
    datasets = groups.get(line["dataset"], {line["dataset"]})
    filled = [key for key in ("images", "part", "axis", "group", "metric") if line[key]]
    chosen = [
        place
        for place, row in enumerate(places)
        if row["map"] == line["map"]
        and line["at"] in row["powers"]
        and (not line["dataset"] or row["dataset"] in datasets)
        and all(row[key] == line[key] for key in filled)
    ]
    counts = {
        "seeds": len({places[place]["seed"] for place in chosen}),
        "data sets": len({places[place]["dataset"] for place in chosen}),
    }
    over = " and ".join(f"{count} {what}" for what, count in counts.items() if count > 1)
    named = [
        line[key] for key in ("dataset", "images", "part", "axis", "group", "metric") if line[key] not in ("", "all")
    ]
    return {
        "row": f"{line['map']} {line['at']}",
        "column": " ".join(named),
        "value": float(line["value"]),
        "aggregation": f"mean over {over}" if over else "the value",
        "rows": chosen,
    }


def _own(name: str, seed: int, metric: str) -> dict:
    return {
        "map": name,
        "seed": seed,
        "metric": metric,
        **dict.fromkeys(("dataset", "images", "part", "axis", "group"), ""),
    }


def _row(file: str, name: str, seed: int, at: str, metric: str) -> dict:
    return {
        "file": file,
        "run_id": f"{name}/seed{seed}",
        "method": name,
        "weights": at,
        "seed": int(seed),
        "dataset": "",
        "images": "",
        "metric": metric,
    }

"""Gender pairs as training reads them."""

from pathlib import Path

import pandas as pd

from prefclip.datasets.parquet_tables import read_table

PEOPLE_COLUMNS = ("id", "row", "split", "label", "name", "kind", "gender")
GENDER_PAIR_COLUMNS = (*PEOPLE_COLUMNS, "preference", "preferred_text", "rejected_text", "preferred_probability")


def read_gender_pairs(path: str | Path) -> pd.DataFrame:
    """Read a table of gender pairs, with GENDER_PAIR_COLUMNS. Raises TableError naming a file that is none."""
    return read_table(path, GENDER_PAIR_COLUMNS, "make the gender pairs again")

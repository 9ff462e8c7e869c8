"""Preference pairs: on an attacked image the true label is preferred to the label of the written word."""

from pathlib import Path

import pyarrow as pa

from prefclip.attacks.attacked_manifest import read_attacked_manifest
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import write_table
from prefclip.preferences.errors import PreferenceError

TRAIN_SPLIT = "train"


def build_pairs(manifest: str | Path, attacked_manifest: str | Path, out: str | Path) -> int:
    """Write one pair per attacked image of the training split, in the order of attacked rows; returns their number.

    Columns: id, attacked_id, row and attacked_row (of the clean and the attacked stack of images), split,
    preferred_label (the true class), rejected_label (the class of the written word). Raises TableError for an input
    that is missing or damaged; PreferenceError where there is no training split, an attacked image has no clean twin or
    another label than it, or a written word names the true class; OutputError where ``out`` cannot be written.
    """
    clean = read_manifest(manifest).set_index("id")
    attacked = read_attacked_manifest(attacked_manifest)
    attacked = attacked[attacked["split"] == TRAIN_SPLIT].sort_values("row", ignore_index=True)
    if not len(attacked):
        raise PreferenceError(f"{attacked_manifest}: no image is in the split {TRAIN_SPLIT!r}; only it gives pairs.")
    twins = clean.reindex(attacked["id"])
    strangers = (
        twins["label"].isna().to_numpy()
        | (twins["label"].to_numpy() != attacked["label"].to_numpy())
        | (twins["row"].to_numpy() != attacked["clean_row"].to_numpy())
    )
    if strangers.any():
        raise PreferenceError(
            f"{attacked_manifest}: {attacked['attacked_id'][strangers.argmax()]!r} was not made from {manifest}; "
            "make the attacks again."
        )
    truthful = attacked["attacked_id"][attacked["word_label"] == attacked["label"]]
    if len(truthful):
        raise PreferenceError(f"{attacked_manifest}: on {truthful.iloc[0]!r} the written word is the true class.")
    pairs = attacked[["id", "attacked_id", "clean_row", "row", "split", "label", "word_label"]].set_axis(
        ["id", "attacked_id", "row", "attacked_row", "split", "preferred_label", "rejected_label"], axis="columns"
    )
    write_table(out, pa.Table.from_pandas(pairs, preserve_index=False))
    return len(pairs)

"""The spectrum of WᵀW: how far a trained map is from the identity, and in how many directions.

Section 3.4 of arXiv:2411.08923 states that WᵀW stays near the identity, and a reviewer asked for evidence. Eigenvalues
of WᵀW are the squared singular values σ² of W: what a direction of the embeddings is multiplied by in the similarity.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor

from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.spectrum_table import DISTANCE_COLUMNS, SPECTRUM_COLUMNS
from prefclip.models.concept_head import ConceptHead, load_concept_head


class Spectrum(NamedTuple):
    """A matrix A that stands in the similarity T(y)ᵀ A I(x), compared with the identity.

    eigenvalues            singular values of A, descending, (D,): the eigenvalues, where A = WᵀW
    distance               ‖A − I‖_F, >= 0
    relative_distance      distance / √D: root mean square change of a direction
    condition              largest / smallest, ∞ where the smallest is 0
    effective_directions   participation ratio (Σδ²)² / Σδ⁴ of δ = eigenvalues − 1, 1 … D: over how many directions the
                           change is spread; 0 where there is none
    """

    eigenvalues: np.ndarray
    distance: float
    relative_distance: float
    condition: float
    effective_directions: float


def spectrum_of(matrix: Tensor) -> Spectrum:
    """Compare a square matrix (D, D) with the identity, in float64."""
    matrix = matrix.detach().double().cpu()
    identity = torch.eye(len(matrix), dtype=torch.float64)
    values = torch.linalg.svdvals(matrix).numpy()
    distance = float(torch.linalg.matrix_norm(matrix - identity))
    squares = (values - 1) ** 2
    # Changes at the level of float32 rounding are none.
    spread = squares.sum() ** 2 / (squares**2).sum() if squares.max() > 1e-10 else 0.0
    condition = float(values[0] / values[-1]) if values[-1] > 0 else np.inf
    return Spectrum(values, distance, distance / np.sqrt(len(matrix)), condition, float(spread))


def similarity_matrices(head: ConceptHead) -> dict[str, Tensor]:
    """Matrices to look at: WᵀW; for separate maps those of both sides and W_TᵀW_I, which decides the similarity."""
    image, text = head.image_map.detach().double(), head.text_map.detach().double()
    if not head.separate:
        return {"shared": image.T @ image}
    return {"image": image.T @ image, "text": text.T @ text, "similarity": text.T @ image}


def measure_spectra(
    maps: Mapping[tuple[str, int], str | Path], out_spectrum: str | Path, out_distance: str | Path
) -> None:
    """Write the spectra (SPECTRUM_COLUMNS) and the distances from the identity (DISTANCE_COLUMNS) of trained maps.

    ``maps``: (name, seed) → file. Raises ConceptHeadError or TensorFileError naming the file.
    """
    values, distances = [], []
    for (name, seed), path in sorted(maps.items()):
        head, _ = load_concept_head(path)
        for matrix, product in similarity_matrices(head).items():
            found = spectrum_of(product)
            which = {"map": name, "seed": seed, "matrix": matrix}
            values += [{**which, "rank": rank, "eigenvalue": value} for rank, value in enumerate(found.eigenvalues, 1)]
            ends = {"largest": float(found.eigenvalues[0]), "smallest": float(found.eigenvalues[-1])}
            distances.append({**which, **found._asdict(), **ends, "dimension": len(product)})
    for rows, columns, path in ((values, SPECTRUM_COLUMNS, out_spectrum), (distances, DISTANCE_COLUMNS, out_distance)):
        write_table(path, pa.Table.from_pandas(pd.DataFrame(rows, columns=columns), preserve_index=False))

"""The spectrum of WᵀW and its distance from the identity."""

import numpy as np
import pytest
import torch

from prefclip.evaluation.map_spectrum import (
    measure_spectra,
    similarity_matrices,
    spectrum_of,
)
from prefclip.evaluation.spectrum_table import read_distances, read_spectra
from prefclip.models.concept_head import ConceptHead, save_concept_head

WIDTH = 6


def test_an_untrained_map_has_no_distance():
    for start in ("identity", "orthogonal"):
        (matrix,) = similarity_matrices(ConceptHead(WIDTH, start=start)).values()
        found = spectrum_of(matrix)
        assert found.distance < 1e-5 and found.effective_directions == 0
        assert found.eigenvalues == pytest.approx(np.ones(WIDTH), abs=1e-5)


def test_one_changed_direction():
    found = spectrum_of(torch.diag(torch.tensor([4.0, 1, 1, 1, 1, 1])))
    assert found.eigenvalues.tolist() == [4, 1, 1, 1, 1, 1]
    assert found.distance == 3 and found.relative_distance == pytest.approx(3 / np.sqrt(6))
    assert found.condition == 4 and found.effective_directions == pytest.approx(1)


def test_evenly_changed_directions_and_a_lost_one():
    assert spectrum_of(2 * torch.eye(WIDTH)).effective_directions == pytest.approx(WIDTH)
    assert spectrum_of(torch.diag(torch.tensor([1.0, 0.0]))).condition == np.inf


def test_the_distance_does_not_depend_on_a_rotation_after_the_map():
    weight = torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH, dtype=torch.float64))[0]
    plain, turned = (spectrum_of(matrix.T @ matrix) for matrix in (weight, turn @ weight))
    assert plain.distance == pytest.approx(turned.distance)
    assert plain.eigenvalues == pytest.approx(turned.eigenvalues)


def test_maps_are_measured_in_a_fixed_order_with_the_same_bytes(tmp_path):
    files = {}
    for name, options in (("shared", {}), ("separate", {"separate": True})):
        path = tmp_path / f"{name}.safetensors"
        save_concept_head(path, ConceptHead(WIDTH, **options), {"model": "m", "base_sha256": "s"})
        files[name, 0] = path
    for run, order in (("first", files), ("again", dict(reversed(files.items())))):
        measure_spectra(order, tmp_path / f"{run}.spectrum", tmp_path / f"{run}.distance")
    for what in ("spectrum", "distance"):
        assert (tmp_path / f"first.{what}").read_bytes() == (tmp_path / f"again.{what}").read_bytes()
    spectra, distances = read_spectra(tmp_path / "first.spectrum"), read_distances(tmp_path / "first.distance")
    assert distances["matrix"].tolist() == ["image", "text", "similarity", "shared"]
    assert len(spectra) == 4 * WIDTH and spectra["eigenvalue"].to_numpy() == pytest.approx(1)

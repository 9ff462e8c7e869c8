"""Gradient accumulation gives the same numbers, also for losses that look at a batch as a whole."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_training import METHODS

from prefclip.models.tensor_files import read_tensors


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("micro", "trainable"), [(8, "image"), (7, "all")])
def test_micro_batches_change_nothing(tune, method, micro, trainable):
    settings = {"trainable": trainable, "epochs": 1}
    whole, parts = tune(method, "whole", **settings), tune(method, "parts", micro_batch_size=micro, **settings)
    logs = [pd.read_csv(folder / "training_log.csv") for folder in (whole, parts)]
    assert np.allclose(*logs, rtol=1e-4, atol=1e-5, equal_nan=True)
    first, second = (read_tensors(folder / "model.safetensors", "").tensors for folder in (whole, parts))
    # Adamax turns the sign of a vanishing gradient into a whole step, so a few weights may differ by more.
    differences = torch.cat([(first[name] - second[name]).abs().flatten().float() for name in first])
    assert differences.quantile(0.99) < 1e-4

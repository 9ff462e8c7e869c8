"""Whole runs in miniature: what they write, what stays frozen, and that repeating them gives the same bytes."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_training import METHODS

from prefclip.config import Config, MethodConfig
from prefclip.datasets.class_lists import read_classes
from prefclip.models.checkpoints import load_checkpoint
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import read_tensors
from prefclip.models.text_features import text_features
from prefclip.objectives import objective
from prefclip.switches import switches_now
from prefclip.training.averaging import beta_weight
from prefclip.training.loop import train
from prefclip.training.numerics import declared_numerics
from prefclip.training.reference import cache_reference
from prefclip.training.training_log import LOG_COLUMNS, SPEED_COLUMNS


def log_of(folder):
    return pd.read_csv(folder / "training_log.csv")


def tensors_of(folder, name="model"):
    return read_tensors(folder / f"{name}.safetensors", "").tensors


@pytest.mark.parametrize("method", METHODS)
def test_a_run_writes_its_files(tune, files, method, tmp_path):
    folder = tune(method, "out")
    averaged = METHODS[method].get("averaging", True)
    names = ["averaged.safetensors"] * averaged + ["model.safetensors", "speed.csv", "training_log.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert list((tmp_path / "scratch").glob("*")) == []
    log = log_of(folder)
    assert tuple(log.columns) == LOG_COLUMNS and list(log["step"]) == [1, 2, 3, 4, 5, 6]
    unmeasured = ["regulariser", "margin", "reward_true", "reward_written"] if method == "ce" else []
    assert log.columns[log.isna().any()].tolist() == unmeasured
    speed = pd.read_csv(folder / "speed.csv")
    assert tuple(speed.columns) == SPEED_COLUMNS and list(speed["step"]) == list(log["step"])
    assert (speed["images_per_second"] > 0).all()
    metadata = read_tensors(folder / "model.safetensors", "").metadata
    assert metadata["method"] == method and metadata["seed"] == "0" and metadata["steps"] == "6"
    assert metadata["weights"] == "raw"
    assert json.loads(metadata["objective"])["name"] == METHODS[method]["objective"]
    assert metadata["base_sha256"] == load_model(files.config().model).weights_sha256


def test_a_batch_size_of_a_method_is_that_of_the_whole_run(tune, files, tmp_path):
    config = files.config(batch_size=24)
    methods = {"dpo": config.methods["dpo"].model_copy(update={"batch_size": 16})}
    own = config.model_copy(update={"methods": methods})
    train(own, "dpo", 0, **files.inputs(), output_folder=tmp_path / "own", device="cpu", threads=1)
    shared = tune("dpo", "shared", batch_size=16)
    for name in ("model.safetensors", "averaged.safetensors", "training_log.csv"):
        assert (tmp_path / "own" / name).read_bytes() == (shared / name).read_bytes()
    assert len(log_of(tune("dpo", "other", batch_size=24))) == 4


def test_the_regulariser_alone_stays_at_the_reference(tune, files, tmp_path):
    config = files.config()
    methods = {"reg_only": MethodConfig(objective="reg_only")}
    inputs = {**files.inputs(), "output_folder": tmp_path / "out", "device": "cpu", "threads": 1}
    train(config.model_copy(update={"methods": methods}), "reg_only", 0, **inputs)
    alone, preferred = log_of(tmp_path / "out"), log_of(tune("dpo", "dpo"))
    assert (alone["preference"] == 0).all() and alone["loss"].equals(alone["regulariser"])
    assert alone["regulariser"].max() < 0.1 * preferred["regulariser"].max()


def test_the_first_step_is_at_the_reference(tune):
    log = log_of(tune("dpo", "out"))
    first = log.iloc[0]
    assert first["loss"] == pytest.approx(np.log(2), abs=1e-6)
    assert first[["regulariser", "margin", "reward_true", "reward_written"]].abs().max() < 1e-5


def test_logged_terms_are_the_objectives(tune, files):
    """After the only step of an epoch: the next step's terms, computed here from the checkpoint."""
    one = tune("dpo", "one", epochs=1, batch_size=48, warmup_ratio=0.0)
    two = tune("dpo", "two", epochs=2, batch_size=48, warmup_ratio=0.0)
    loaded, base = load_model(files.config().model), load_model(files.config().model)
    load_checkpoint(loaded, one / "model.safetensors")
    texts = text_features(base, read_classes(files.classes))
    scale = base.model.logit_scale.exp()
    table = pd.read_parquet(files.preferences)
    with torch.no_grad():
        logits = [
            scale * model.model.encode_image(model.preprocess(np.load(path)), normalize=True) @ texts.T
            for model in (loaded, base)
            for path in (files.images, files.attacked_images)
        ]
    labels = (torch.tensor(table[name].to_numpy().copy()) for name in ("preferred_label", "rejected_label"))
    value = objective("dpo")(*logits, *labels)
    expected = [term.item() for term in value]
    second = log_of(two).iloc[1]
    assert second[list(LOG_COLUMNS[1:7])].tolist() == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_the_loss_falls(tune):
    log = log_of(tune("dpo", "out", epochs=20, learning_rate=1e-2))
    assert log["loss"].tail(3).mean() < 0.8 * log["loss"].head(3).mean()
    assert log["margin"].tail(3).mean() > 0.5


@pytest.mark.parametrize("method", ["ce", "kto"])
def test_repeated_runs_have_the_same_bytes(tune, method):
    first, second = tune(method, "first"), tune(method, "second")
    for path in [*first.glob("*.safetensors"), first / "training_log.csv"]:
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_the_seed_matters(tune):
    first, second = tensors_of(tune("dpo", "first")), tensors_of(tune("dpo", "second", seed=1))
    assert not torch.equal(first["visual.head.3.bias"], second["visual.head.3.bias"])


@pytest.mark.parametrize("trainable", ["image", "head", "all"])
def test_what_is_frozen_stays(tune, files, trainable):
    base = load_model(files.config().model).model
    trained = {
        "image": {name for name, _ in base.named_parameters() if name.startswith("visual.")},
        "head": {"visual.head.3.weight", "visual.head.3.bias"},
        "all": {name for name, _ in base.named_parameters()},
    }[trainable]
    folder = tune("dpo", "out", trainable=trainable)
    for name in ("model", "averaged"):
        tuned = tensors_of(folder, name)
        assert trained <= set(tuned)
        for key, tensor in tuned.items():
            # the token and position rows of text that no prompt has get no gradient; their tensors change elsewhere
            assert torch.equal(tensor, base.state_dict()[key]) == (key not in trained), key


def test_averaged_weights_are_the_mean_of_the_trajectory(tune, files):
    """A run of one step: the base, the last iterate and their weights are all known."""
    settings = {"batch_size": 48, "warmup_ratio": 1.0, "averaging_length": "planned"}
    base = load_model(files.config().model).model.state_dict()["visual.head.3.weight"]
    one = tensors_of(tune("dpo", "one", epochs=1, **settings))["visual.head.3.weight"]
    folder = tune("dpo", "averaged", epochs=1, **settings)
    weights = [beta_weight(iterate, 1, 0.7, 0.7) for iterate in (0, 1)]
    expected = (weights[0] * base + weights[1] * one) / sum(weights)
    assert torch.allclose(tensors_of(folder, "averaged")["visual.head.3.weight"], expected, atol=1e-7)


def test_averaging_length(tune):
    dropped = {"drop_last_batches": 1}
    made = tensors_of(tune("dpo", "made", **dropped), "averaged")
    planned = tensors_of(tune("dpo", "planned", averaging_length="planned", **dropped), "averaged")
    raw = [tensors_of(tune("dpo", name, **dropped)) for name in ("made", "planned")]
    assert torch.equal(raw[0]["visual.head.3.weight"], raw[1]["visual.head.3.weight"])
    assert not torch.equal(made["visual.head.3.weight"], planned["visual.head.3.weight"])


def test_a_stale_average_is_removed(tune, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "averaged.safetensors").write_text("old")
    assert not (tune("ce", "out") / "averaged.safetensors").exists()


def test_subset_of_the_images(tune):
    assert len(log_of(tune("dpo", "out", max_train_images=32))) == 4


def test_bf16_is_close(tune, files, tmp_path):
    cached = tmp_path / "bf16.safetensors"
    config = files.config(precision="bf16")
    cache_reference(config, files.preferences, files.images, files.attacked_images, cached, device="cpu", threads=1)
    low = log_of(tune("ce_kl", "low", precision="bf16", inputs={"reference": cached}))
    full = log_of(tune("ce_kl", "full"))
    assert np.allclose(low["loss"], full["loss"], rtol=0.05)
    assert not np.array_equal(low["loss"], full["loss"])


def test_numerics_are_put_back(tune, monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = switches_now()
    tune("ce", "out")
    assert switches_now() == before and "CUBLAS_WORKSPACE_CONFIG" not in before


def test_a_workspace_of_ones_own_is_kept(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with declared_numerics("fp32"):
        assert switches_now()["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    assert switches_now()["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_open_clip_models_train_too(tiny_vit, files, tmp_path):
    values = files.config().model_dump()
    values["model"] = {"name": tiny_vit, "weights": "random", "image_size": 32}
    config = Config.model_validate(values)
    inputs = {**files.inputs(), "reference": tmp_path / "reference.safetensors"}
    cache_reference(config, files.preferences, files.images, files.attacked_images, inputs["reference"], device="cpu")
    for trainable in ("image", "head", "all"):
        values["training"]["trainable"] = trainable
        train(Config.model_validate(values), "kto", 0, **inputs, output_folder=tmp_path / trainable, device="cpu")
        assert len(log_of(tmp_path / trainable)) == 6
        load_checkpoint(load_model(config.model), tmp_path / trainable / "averaged.safetensors")

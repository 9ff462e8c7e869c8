"""Loading by name and weights: embedded, open_clip, local file, tag, random."""

from contextlib import suppress

import open_clip
import pytest
import torch
from tiny_training import NAMES, TEMPLATE, tiny_model

from prefclip.config import ModelConfig
from prefclip.datasets.class_lists import ClassList
from prefclip.errors import PrefclipError
from prefclip.files import sha256_of
from prefclip.models.emoji_clip_file import save_emoji_clip
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import write_tensors
from prefclip.models.text_features import text_features
from prefclip.models.weight_files import ModelError, check_activation, normalisation


def settings(name, weights, image_size=32):
    return ModelConfig(name=name, weights=str(weights), image_size=image_size)


@pytest.fixture
def base(tmp_path):
    save_emoji_clip(tmp_path / "base.safetensors", tiny_model())
    return tmp_path / "base.safetensors"


@pytest.fixture
def vit_file(tiny_vit, tmp_path):
    torch.manual_seed(1)
    model = open_clip.create_model(tiny_vit)
    write_tensors(tmp_path / "vit.safetensors", model.state_dict(), {})
    return tmp_path / "vit.safetensors", model


def test_emoji_clip_from_its_file(base):
    loaded = load_model(settings("emoji-clip", base))
    assert (loaded.name, loaded.image_size, loaded.weights_sha256) == ("emoji-clip", 32, sha256_of(base))
    assert not loaded.model.training
    assert all(parameter.dtype == torch.float32 for parameter in loaded.model.parameters())
    classes = ClassList("animals", "train", NAMES, TEMPLATE)
    texts = text_features(loaded, classes)
    assert texts.shape == (4, 16) and not texts.requires_grad
    assert torch.allclose(texts.norm(dim=-1), torch.ones(4))
    tokens = loaded.tokenizer(["a photo of a owl."])
    with torch.no_grad():
        assert torch.allclose(texts[2], loaded.model.encode_text(tokens, normalize=True)[0], atol=1e-6)


@pytest.mark.parametrize("name", ["emoji-clip", "tiny-vit"])
def test_random_weights_are_seeded_and_leave_the_generator_alone(name, tiny_vit):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (load_model(settings(name, "random")) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    assert first.weights_sha256 == second.weights_sha256
    assert torch.equal(first.model.logit_scale, second.model.logit_scale)
    assert first.tokenizer(["a zebra crossing"]).shape[0] == 1


def test_open_clip_from_a_local_file(vit_file):
    path, model = vit_file
    loaded = load_model(settings("tiny-vit", path))
    assert loaded.weights_sha256 == sha256_of(path)
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor), name
    assert loaded.preprocess.mean == open_clip.OPENAI_DATASET_MEAN


def test_positions_are_resized_to_another_image_size(vit_file):
    loaded = load_model(settings("tiny-vit", vit_file[0], image_size=64))
    assert loaded.model.visual.positional_embedding.shape == (65, 32)
    assert loaded.model.encode_image(torch.zeros(1, 3, 64, 64)).shape == (1, 16)


def test_tensor_of_another_shape_is_named(vit_file):
    path, model = vit_file
    write_tensors(path, {**model.state_dict(), "visual.proj": torch.zeros(32, 17)}, {})
    with pytest.raises(
        PrefclipError, match=r"vit\.safetensors: tensor 'visual\.proj' has shape \(32, 17\) but tiny-vit"
    ):
        load_model(settings("tiny-vit", path))


def test_missing_tensor_is_named(vit_file):
    path, model = vit_file
    state = model.state_dict()
    del state["visual.proj"]
    write_tensors(path, state, {})
    with pytest.raises(PrefclipError, match=r"vit\.safetensors: does not fit model\.name tiny-vit .*visual\.proj"):
        load_model(settings("tiny-vit", path))


def test_nothing_is_unpickled(tmp_path, tiny_vit):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("was unpickled",))

    path = tmp_path / "weights.pt"
    torch.save(Trap(), path)
    for name in ("tiny-vit", "emoji-clip"):
        with pytest.raises(PrefclipError, match=r"weights\.pt: only safetensors files are loaded"):
            load_model(settings(name, path))


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("ViT-B-32", "openai", r"'openai' was trained with QuickGELU .*use model\.name ViT-B-32-quickgelu"),
        ("ViT-B-32-quickgelu", "laion2b_s34b_b79k", r"was trained without QuickGELU; use model\.name ViT-B-32\."),
        ("ViT-B-32", "nonsense", "'nonsense' is neither a file nor a tag of ViT-B-32; allowed: openai, "),
        ("ViT-B-33", "openai", r"no architecture 'ViT-B-33'; nearest: ViT-B-"),
        ("emoji-klip", "random", "nearest: emoji-clip"),
        ("ViT-B-32", "absent.safetensors", r"absent\.safetensors: no such weights file"),
        ("emoji-clip", "absent.safetensors", r"absent\.safetensors: no such weights file"),
        ("ViT-B-32", "mlp/absent.bin", "nothing is unpickled"),
    ],
)
def test_bad_names(name, weights, message):
    with pytest.raises(PrefclipError, match=message):
        load_model(settings(name, weights))


@pytest.mark.parametrize(("tag", "fitting"), [("openai", "ViT-B-32-quickgelu"), ("laion2b_s34b_b79k", "ViT-B-32")])
def test_one_activation_fits(tag, fitting):
    accepted = []
    for name in ("ViT-B-32", "ViT-B-32-quickgelu"):
        with suppress(ModelError):
            check_activation(name, tag)
            accepted.append(name)
    assert accepted == [fitting]


def test_normalisation_is_the_tags(tiny_vit):
    assert normalisation("ViT-B-16-SigLIP", "webli")[0] == (0.5, 0.5, 0.5)
    assert normalisation("ViT-B-16-SigLIP", "local.safetensors")[0] == (0.5, 0.5, 0.5)
    assert normalisation("ViT-B-32-quickgelu", "openai") == (
        open_clip.OPENAI_DATASET_MEAN,
        open_clip.OPENAI_DATASET_STD,
    )


def test_unreachable_hub_is_told(monkeypatch):
    def refuse(*_):
        raise OSError("no network\nsecond line")

    monkeypatch.setattr("prefclip.models.weight_files.hf_hub_download", refuse)
    with pytest.raises(PrefclipError, match=r"open_clip_model\.safetensors\) could not be fetched \(no network\)"):
        load_model(settings("ViT-B-32-quickgelu", "openai", 224))


def test_the_model_of_rehearsals_is_the_papers_but_for_its_size():
    sized = {"width", "layers", "heads", "head_width"}
    small, paper = (
        {
            key: {name: each for name, each in value.items() if name not in sized} if isinstance(value, dict) else value
            for key, value in open_clip.get_model_config(name).items()
        }
        for name in ("ViT-tiny-32-quickgelu", "ViT-B-32-quickgelu")
    )
    assert small == paper
    loaded = load_model(ModelConfig(name="ViT-tiny-32-quickgelu", weights="random", image_size=224))
    assert sum(value.numel() for value in loaded.model.parameters()) < 4e6

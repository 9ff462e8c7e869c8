"""The maps of embedded pictures: which pictures, and what is said above each map."""

import shutil

import numpy as np
import pytest
import torch
from figure_checks import readable_texts, repeated_bytes

from prefclip.config import method_names
from prefclip.evaluation.embedding_files import PICTURES, read_embeddings
from prefclip.evaluation.neighbours import neighbour_shares
from prefclip.models.tensor_files import read_tensors, write_tensors
from prefclip.reporting.drawing import embedding_plot as drawing
from prefclip.reporting.drawing.style import print_style
from prefclip.reporting.figures import leaf

NAME = "embedding_plot"


def shuffled(path: str) -> None:
    """Write the pictures of a file in another order."""
    tensors, stored = read_tensors(path, "")
    order = torch.randperm(len(tensors["label"]), generator=torch.Generator().manual_seed(1))
    moved = {name: tensors[name][:, order] for name in PICTURES}
    moved |= {name: tensors[name][order] for name in ("label", "written")}
    ids = stored["ids"].split("\n")
    write_tensors(path, tensors | moved, stored | {"ids": "\n".join(ids[place] for place in order)})


def titles(figure) -> dict[str, str]:
    """Model → what is said above its map."""
    found = [axes.get_title("left").split("\n") for axes in figure.axes if axes.axison]
    return {model.rpartition("$ ")[2]: shares for model, shares in found}


@pytest.fixture
def figure(copied):
    with print_style():
        return leaf(NAME).draw(*copied)


def test_every_model_has_a_map_with_the_shares_of_its_own_file(copied, figure):
    config, layout = copied
    with print_style():
        texts = {text.get_text() for text in readable_texts(figure)}
    said, shares = titles(figure), {}
    for method, label in zip(("clip", *config.methods), ("CLIP", "CE", "CE + KL", "DPO", "IPO", "KTO"), strict=True):
        found = read_embeddings(layout.embeddings(config.model.key, method))
        clean, attacked = (found.pictures[images][0] for images in ("clean", "typographic"))
        shares[method] = neighbour_shares(clean, attacked, found.label, found.written)
        true, written = (f"{share:.0%}".replace("%", " %") for share in shares[method])
        assert said.pop(label) == f"nearest clean: true {true}, written {written}"
    # Made up so that words draw CLIP's pictures to their class and hardly those of the others.
    assert said == {} and shares["clip"].written > 0.5 and shares["dpo"].true > 0.7
    assert {"clean", "with a word", "under the same ink, unreadable", "True class", "cat", "polar bear"} <= texts


def test_each_map_shows_every_kind_of_the_same_pictures(copied, figure):
    config, layout = copied
    found = read_embeddings(layout.embeddings(config.model.key, "dpo"))
    chosen = drawing.drawn_pictures("animals", found, ["cat", "dog", "polar bear", "owl"])
    count = sum(map(len, chosen.values()))
    assert 0 < count <= len(found.ids) and all((found.label[places] == label).all() for label, places in chosen.items())
    assert {len(axes.collections[0].get_offsets()) for axes in figure.axes} == {3 * count}


def test_of_many_classes_and_pictures_few_are_drawn(copied, monkeypatch):
    config, layout = copied
    found = read_embeddings(layout.embeddings(config.model.key, "clip"))
    names = ["cat", "dog", "polar bear", "owl"]
    monkeypatch.setattr(drawing, "COLOURS", drawing.COLOURS[:2])
    monkeypatch.setattr(drawing, "PER_CLASS", 3)
    chosen = drawing.drawn_pictures("animals", found, names)
    assert [len(places) for places in chosen.values()] == [3, 3]


def test_the_order_of_the_pictures_changes_nothing(copied):
    config, layout = copied
    before = repeated_bytes(layout, NAME)
    for method in method_names(config):
        shuffled(layout.embeddings(config.model.key, method))
    assert repeated_bytes(layout, NAME) == before


def test_a_method_more_is_a_map_more(copied):
    config, layout = copied
    own = layout.embeddings(config.model.key, "dpo")
    shutil.copy(own, layout.embeddings(config.model.key, "mine"))
    more = config.model_copy(update={"methods": {**config.methods, "mine": config.methods["dpo"]}})
    with print_style():
        figure = leaf(NAME).draw(more, layout)
        readable_texts(figure)
    maps = titles(figure)
    assert len(maps) == 7 and maps["mine"] == maps["DPO"]
    assert not any(axes.axison for axes in figure.axes[7:])


def test_a_few_points_have_a_map(monkeypatch):
    points = np.eye(3, 4, dtype=np.float32)
    assert drawing.map_of(points).shape == (3, 2) and np.isfinite(drawing.map_of(points)).all()

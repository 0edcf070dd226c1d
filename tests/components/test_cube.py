"""The map in three dimensions as a component."""

from types import SimpleNamespace

import numpy as np
import pytest

from components import cube
from components.scatter import ATTRIBUTES, part_id
from tests.components.test_scatter import BY_LABEL, texts

FOUND = SimpleNamespace(name="my set", key="img", projections={"umap3d": "deep"}, items=range(9))


def test_its_host_is_that_of_a_flat_map_with_three_dimensions():
    shown = cube.shown(FOUND, "umap3d", BY_LABEL, {"selection": "s1"}, flat="/explore?map=umap")
    assert set(shown) == set(ATTRIBUTES)
    made = cube.host(FOUND, shown, "sel", "ins", 4).children[0]
    assert made.id == part_id("explore", "graph")
    written = made.to_plotly_json()["props"]
    assert written["data-dims"] == "3"
    assert written["data-points"] == "/map/deep/points?set=my+set"
    assert written["data-mask"] == "/api/selection/s1/mask"
    assert written["data-flat"] == "/explore?map=umap"
    assert written["data-marked"] == "4"
    assert (written["data-selection-store"], written["data-inspect-store"]) == ("sel", "ins")
    assert "three dimensions" in written["aria-label"]


def test_without_pictures_there_are_no_thumbnails():
    shown = cube.shown(FOUND, "umap3d", BY_LABEL, None, pictures=False)
    assert (shown["data-thumbs"], shown["data-mask"]) == ("", "")


@pytest.mark.parametrize(
    ("total", "said"),
    [(1_000_000, "20,000 of 1,000,000 images drawn, taken evenly"), (1797, "All 1,797 images"),
     (1, "1 image drawn")],
)  # fmt: skip
def test_the_caption_tells_what_is_drawn_and_why_there_is_no_lasso(total, said):
    words = texts(cube.caption(total))
    assert said in words
    assert "no lasso" in words


@pytest.mark.parametrize("dims", [2, 3])
def test_a_map_is_deep_by_its_coordinates(dims):
    projection = SimpleNamespace(coordinates=np.zeros((4, dims)))
    assert cube.is_deep(projection) == (dims == 3)

"""Where two images differ: planted differences are found, in parts of what is usual."""

import shutil

import numpy as np
import pytest
from making import picture
from PIL import Image

from core.config import load_settings
from core.encoders import open_encoder
from core.errors import DecodeError, EncoderUnavailableError, InputError, NotFoundError
from core.imaging.decode import Limits
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.search import places
from core.storage.store import Workspace

#: The planted square: places of 16 × 16, of which the pixels encoder keeps one a pixel.
SPOT = (slice(4, 6), slice(11, 13))


def planted(folder):
    """Write two pictures that differ in one square, and ten others of smooth colour."""
    folder.mkdir()
    plain = np.asarray(picture(0, (16, 16))).copy()
    Image.fromarray(plain).save(folder / "00.png")
    plain[SPOT] = (255, 0, 255)
    Image.fromarray(plain).save(folder / "01.png")
    for seed in range(2, 12):
        picture(seed, (16, 16)).save(folder / f"{seed:02d}.png")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """The set under two encoders, in one workspace."""
    root = tmp_path_factory.mktemp("places")
    planted(root / "pictures")
    settings = load_settings({"workspace": str(root / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    for name, encoder in (("plain", "pixels?side=16&colour=1"), ("texture", "colour-texture")):
        run(RunRequest(str(root / "pictures"), name, encoder, ("pca",)), workspace, settings)
    return workspace


def opened_of(workspace, name="plain"):
    return Library(workspace).open(name)


def looked(workspace, rows, name="plain"):
    opened = opened_of(workspace, name)
    encoder = open_encoder(opened.spec.name)
    places.look(workspace, encoder, opened, list(rows), Limits())
    return opened


def nearest(one, two):
    """Return how far each place of one is from the nearest of two, by all differences."""
    apart = one[:, :, None, None] - two[None, None]
    return np.sqrt(np.square(apart).sum(axis=-1)).min(axis=(2, 3))


def test_what_is_planted_in_one_is_found_there_and_nowhere_else(bench):
    opened = looked(bench, [0, 1])
    found = places.kept(bench, opened, 1, 0)
    changed = np.zeros((16, 16), bool)
    changed[SPOT] = True
    assert (found.one > 0.7)[changed].all()
    assert found.one[~changed].max() < 0.01  # each has itself, at the same place, in the other
    heat = found.heat(False)
    assert heat[changed].min() > 0.999
    assert not heat[~changed].any()
    value, across, down = found.most(False)
    assert value == pytest.approx(found.largest)
    assert (across, down) == (11.5 / 16, 4.5 / 16)
    back = places.kept(bench, opened, 0, 1)  # the same, told from the other side
    np.testing.assert_allclose(back.two, found.one)
    assert (back.low, back.high) == (found.low, found.high)


def test_distances_are_to_the_nearest_part_in_parts_of_what_is_usual(bench):
    opened = looked(bench, [2, 3])
    found = places.kept(bench, opened, 2, 3)
    folder = opened.root
    every = [np.asarray(Image.open(folder / f"{n:02d}.png"), float) / 255 for n in range(12)]
    rows = places.yardstick(opened)
    assert rows == list(range(12))
    pairs = [nearest(every[a], every[b]).ravel() for a in rows for b in rows if a != b]
    middle, usual = np.quantile(np.concatenate(pairs), [0.5, 0.95])
    assert found.usual == pytest.approx(usual, rel=1e-4)
    assert found.middle == pytest.approx(middle / usual, rel=1e-4)
    near = nearest(every[2], every[3]) / usual
    np.testing.assert_allclose(found.one, near, atol=5e-3)  # kept in half precision
    assert found.half == pytest.approx(
        np.median(np.stack([near, nearest(every[3], every[2]) / usual])), abs=5e-3
    )


def test_the_same_image_twice_differs_nowhere(bench):
    opened = looked(bench, [4])
    found = places.kept(bench, opened, 4, 4)
    assert found.largest < 0.01
    assert not found.heat(True).any()


def test_what_has_no_places_or_is_another_file_is_refused(bench, tmp_path):
    with pytest.raises(EncoderUnavailableError, match="timm models and pixels do"):
        looked(bench, [0], "texture")
    copy = tmp_path / "pictures"
    shutil.copytree(opened_of(bench).root, copy)
    settings = load_settings({"workspace": str(tmp_path / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    run(RunRequest(str(copy), "own", "pixels?side=16&colour=1", ("pca",)), workspace, settings)
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32))
    run(RunRequest(str(tmp_path / "v.npy"), "given", "pixels", ("pca",)), workspace, settings)
    picture(99, (16, 16)).save(copy / "05.png")
    with pytest.raises(DecodeError, match="image 5 was changed since"):
        looked(workspace, [5], "own")
    (copy / "06.png").unlink()
    with pytest.raises(DecodeError, match="image 6 cannot be read"):
        looked(workspace, [6], "own")
    opened = opened_of(workspace, "own")
    with pytest.raises(NotFoundError, match="ask for them again"):
        places.kept(workspace, opened, 5, 6)
    with pytest.raises(InputError, match="given and not made by an encoder"):
        places.differing(workspace, None, opened_of(workspace, "given"), 0, 1, 1)


def test_what_was_wanted_longest_ago_is_forgotten(bench, monkeypatch):
    monkeypatch.setattr(places, "KEPT", 3)  # two pictures, and what is usual
    opened = looked(bench, [7, 8])
    assert places.is_kept(bench, opened, [7, 8])
    looked(bench, [7, 9])
    assert places.is_kept(bench, opened, [7, 9])
    assert not places.is_kept(bench, opened, [8])

"""Known small changes: what they do to pictures, and how far they move a set's own vectors."""

import numpy as np
import pandas as pd
import pytest
from looking import gathered, settings_of
from making import picture
from PIL import Image
from vectorsets import vector_set

from core.checking import perturbations
from core.checking.perturbations import open_perturbations, perturbed
from core.errors import EncoderUnavailableError, JobCancelled
from core.imaging.decode import Picture, load_picture
from core.imaging.perturb import LEARNED, TRANSFORMS
from core.library import Library
from core.model import Region
from core.progress import Progress
from core.quality.threshold import surely_capped
from core.space import unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "ws")


def some(root, count=12, size=(96, 64)):
    root.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        picture(seed, size).save(root / f"{seed:03}.png")
    return root


def measure(opened, workspace, **more):
    return perturbed(opened, workspace, settings_of(workspace), **more)


def vectors_of(opened, workspace):
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    return unit_rows(cache.load(opened.items["item_id"].tolist())).astype(np.float64)


def test_distances_are_those_of_the_changed_pictures_as_files(workspace, tmp_path):
    """The oracle: write every changed picture to a file and encode it as a set of its own."""
    opened = gathered(workspace, some(tmp_path / "in"))
    found = measure(opened, workspace)
    assert found.notice == ""
    assert len(found.distances) == 12 * len(LEARNED)
    before = vectors_of(opened, workspace)
    for name in LEARNED:
        folder = tmp_path / name
        folder.mkdir()
        for path in opened.items["path"]:
            image = load_picture(opened.root / path).image
            TRANSFORMS[name](image).save(folder / path)
        after = vectors_of(gathered(workspace, folder, name), workspace)
        lines = found.distances[found.distances["transform"] == name].set_index("row")["distance"]
        expected = np.linalg.norm(before - after, axis=1)
        np.testing.assert_allclose(lines.loc[range(12)], expected, atol=2e-7)


def test_a_sample_of_different_pictures_is_drawn_by_its_seed(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(perturbations, "SAMPLE", 9)
    root = some(tmp_path / "in", 20)
    for copy in range(5):
        (root / f"9{copy}.png").write_bytes((root / "000.png").read_bytes())
    opened = gathered(workspace, root)
    rows = [measure(opened, workspace, seed=seed).distances["row"].unique() for seed in (0, 0, 1)]
    assert rows[0].tolist() == rows[1].tolist() != rows[2].tolist()
    for drawn in rows:
        ids = opened.items["item_id"].iloc[drawn]
        assert len(drawn) == ids.nunique() == 9


def test_what_was_measured_is_not_measured_again(workspace, tmp_path, monkeypatch):
    opened = gathered(workspace, some(tmp_path / "in"))
    first = measure(opened, workspace)
    monkeypatch.setattr(perturbations, "open_encoder", None)  # would fail if it were called
    again = measure(Library(workspace).open("set"), workspace)
    assert again.key == first.key
    assert open_perturbations(workspace, first.key).distances.equals(first.distances)


def test_threads_change_nothing(tmp_path):
    root, tables = some(tmp_path / "in", 30), []
    for workers in (1, 4):
        workspace = Workspace(tmp_path / f"ws{workers}")
        opened = gathered(workspace, root)
        settings = settings_of(workspace, workers=workers)
        tables.append(perturbed(opened, workspace, settings).distances)
    assert tables[0].equals(tables[1])


def test_given_vectors_have_no_encoder_and_it_is_said(workspace):
    vector_set(workspace, np.random.default_rng(0).normal(size=(20, 6)))
    found = measure(Library(workspace).open("set"), workspace)
    assert not len(found.distances)
    assert "came with the set" in found.notice


def test_an_encoder_that_cannot_be_opened_is_tried_again(workspace, tmp_path, monkeypatch):
    opened = gathered(workspace, some(tmp_path / "in"))

    def refuse(*_, **__):
        raise EncoderUnavailableError("no weights on this disk")

    with monkeypatch.context() as patched:
        patched.setattr(perturbations, "open_encoder", refuse)
        found = measure(opened, workspace)
    assert not len(found.distances)
    assert "no weights on this disk" in found.notice
    later = measure(opened, workspace)
    assert len(later.distances)
    assert later.key != found.key


def test_changed_and_missing_files_are_left_out_and_tried_again(workspace, tmp_path):
    root = some(tmp_path / "in")
    opened = gathered(workspace, root)
    kept = (root / "003.png").read_bytes()
    picture(77, (96, 64)).save(root / "003.png")
    (root / "004.png").unlink()
    found = measure(opened, workspace)
    assert sorted(set(range(12)) - set(found.distances["row"])) == [3, 4]
    assert found.distances["distance"].max() < 0.5  # no picture was compared with another
    (root / "003.png").write_bytes(kept)
    picture(4, (96, 64)).save(root / "004.png")
    assert set(measure(opened, workspace).distances["row"]) == set(range(12))


def test_a_missing_folder_is_said(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in"))
    (tmp_path / "in").rename(tmp_path / "away")
    assert "could be read and encoded" in measure(opened, workspace).notice


def test_it_can_be_cancelled(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in", 40))
    steps = []
    stop = Progress(steps.append, cancelled=lambda: len(steps) >= 2, interval=0)
    with pytest.raises(JobCancelled):
        measure(opened, workspace, progress=stop)
    assert not list((workspace.root / "artefacts").glob("perturbations/*"))


def test_a_picture_without_length_is_left_out(workspace, tmp_path):
    """Gain and JPEG leave near-black pixels black: the vector of the changed one is zero."""
    root = some(tmp_path / "in")
    Image.new("RGB", (40, 40), (0, 0, 2)).save(root / "night.png")
    found = measure(gathered(workspace, root), workspace)
    assert np.isfinite(found.distances["distance"]).all()


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (97, 31)])
def test_every_change_gives_rgb_and_leaves_its_input(name, size):
    image = picture(3, size)
    before = image.tobytes()
    one, two = TRANSFORMS[name](image), TRANSFORMS[name](image)
    assert one.mode == "RGB"
    assert image.tobytes() == before
    assert one.tobytes() == two.tobytes()
    assert min(one.size) >= 1
    assert TRANSFORMS[name](image.convert("L")).mode == "RGB"


def test_changes_are_what_they_are_called():
    image = picture(3, (200, 100))
    values = np.asarray(image).astype(int)
    assert TRANSFORMS["half"](image).size == (100, 50)
    assert TRANSFORMS["crop5"](image).size == (180, 90)
    np.testing.assert_array_equal(np.asarray(TRANSFORMS["crop5"](image)), values[5:95, 10:190])
    assert TRANSFORMS["crop2"](picture(3, (8, 8))).size == (8, 8)  # less than a pixel
    brighter = np.asarray(TRANSFORMS["gain_up"](image)).astype(int)
    assert np.abs(brighter - np.minimum(values * 1.1, 255)).max() <= 0.5 + 1e-9
    darker = np.asarray(TRANSFORMS["gain_down"](image)).astype(int)
    assert np.abs(darker - values * 0.9).max() <= 0.5 + 1e-9
    np.testing.assert_array_equal(np.asarray(TRANSFORMS["mirrored"](image)), values[:, ::-1])
    np.testing.assert_array_equal(np.asarray(TRANSFORMS["turned"](image)), np.rot90(values))
    grey = np.asarray(TRANSFORMS["grey"](image))
    assert (grey[..., 0] == grey[..., 2]).all()
    error = np.asarray(TRANSFORMS["jpeg60"](image)).astype(int) - values
    assert 0 < np.abs(error).mean() < 8


def test_what_is_masked_out_stays_out(tmp_path):
    """A change of the pixels leaves the grey outside a mask; one that moves them moves the mask."""
    picture(1, (80, 60)).save(tmp_path / "a.png")
    mask = Image.new("L", (80, 60), 0)
    mask.paste(255, (20, 10, 60, 50))
    mask.save(tmp_path / "m.png")
    shown = load_picture(tmp_path / "a.png", Region(mask="m.png"), root=tmp_path)
    for name in LEARNED:
        changed: Picture = TRANSFORMS[name].of(shown)
        assert changed.alpha is not None
        assert changed.alpha.size == changed.image.size == (changed.width, changed.height)
        outside = np.asarray(changed.alpha) == 0
        assert 0.5 < outside.mean() < 0.75
        assert (np.asarray(changed.image)[outside] == 128).all(), name


def test_changes_stop_where_the_cap_surely_is_the_threshold(workspace, tmp_path, monkeypatch):
    opened = gathered(workspace, some(tmp_path / "in", 40))
    short = measure(opened, workspace, cap=1e-4)
    assert 10 <= short.distances["row"].nunique() < 40
    assert surely_capped(short.distances, 1e-4)
    with monkeypatch.context() as patch:
        patch.setattr(perturbations, "load_picture", None)  # nothing is read again
        assert measure(opened, workspace, cap=1e-4).key == short.key
    whole = measure(opened, workspace)
    assert len(whole.distances) == 40 * len(LEARNED)
    both = whole.distances[whole.distances["row"].isin(short.distances["row"])]
    np.testing.assert_allclose(both["distance"], short.distances["distance"], atol=1e-7)
    assert (both["transform"].tolist(), both["row"].tolist()) == (
        short.distances["transform"].tolist(), short.distances["row"].tolist(),
    )  # fmt: skip
    assert measure(opened, workspace, cap=1e-4).key == whole.key  # all are there: they are used


def test_a_cap_that_changes_stay_within_needs_them_all(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in", 24))
    whole = measure(opened, workspace, cap=1.9)
    assert len(whole.distances) == 24 * len(LEARNED)
    assert measure(opened, workspace).key == whole.key


def test_it_is_sure_four_deviations_beyond_what_may_be():
    """Of 400 changes of 80 pictures 4 may lie beyond: 4 ± √(4 · 5), so 22 are too many."""
    for beyond, sure in ((21, False), (22, True)):
        table = pd.DataFrame({"row": np.repeat(np.arange(80), 5), "distance": 0.1})
        table.loc[: beyond - 1, "distance"] = 0.3
        assert surely_capped(table, 0.2) is sure
    assert not surely_capped(table.head(45), 0.05)  # nine pictures are too few to tell
    assert surely_capped(table.head(50), 0.05)


def test_more_beyond_the_cap_than_may_be_of_all_that_were_drawn_are_enough():
    """Of 1,500 changes the 99 % quantile is beyond where 16 are, whatever the others are."""
    drawn = 300
    for beyond, sure in ((15, False), (16, True)):
        table = pd.DataFrame({"row": np.repeat(np.arange(100), 5), "distance": 0.1})
        table.loc[: beyond - 1, "distance"] = 0.3
        assert not surely_capped(table, 0.2)
        assert perturbations._capped(table, 0.2, drawn) is sure
        rest = pd.DataFrame({"row": np.repeat(np.arange(100, drawn), 5), "distance": 0.0})
        whole = pd.concat([table, rest])["distance"]
        if sure:
            assert whole.quantile(0.99) > 0.2
            assert table["distance"].quantile(0.99) > 0.2
    assert not perturbations._capped(table.head(45), 0.2, drawn)  # too few pictures

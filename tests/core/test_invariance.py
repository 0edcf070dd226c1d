"""Pictures changed in ways that a form does not know, through a set's own encoder."""

import numpy as np
import pytest
from looking import gathered, settings_of
from making import picture
from PIL import Image
from vectorsets import vector_set

from core.comparing import invariance
from core.comparing.invariance import invariance_of, open_invariance
from core.errors import EncoderUnavailableError, JobCancelled
from core.imaging.decode import load_picture
from core.imaging.nuisance import NUISANCES, changes, shift_of
from core.library import Library
from core.progress import Progress
from core.space import unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

PLAIN = sorted(set(NUISANCES) - {"background"})


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "ws")


def some(root, count=12, size=(96, 64)):
    root.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        picture(seed, size).save(root / f"{seed:03}.png")
    return root


def measure(opened, workspace, **more):
    return invariance_of(opened, workspace, settings_of(workspace), **more)


def vectors_of(opened, workspace):
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    return unit_rows(cache.load(opened.items["item_id"].tolist())).astype(np.float64)


def test_distances_are_those_of_the_changed_pictures_as_files(workspace, tmp_path):
    """The oracle: write every changed picture to a file and encode it as a set of its own."""
    opened = gathered(workspace, some(tmp_path / "in"))
    found = measure(opened, workspace)
    assert found.notice == ""
    assert found.distances.groupby("transform").size().to_dict() == dict.fromkeys(PLAIN, 12)
    before = vectors_of(opened, workspace)
    for name in PLAIN:
        folder = tmp_path / name
        folder.mkdir()
        for row, path in enumerate(opened.items["path"]):
            image = load_picture(opened.root / path).image
            made = changes(1 - 2 * (row % 2), shift_of(image.width, 16))[name]
            made(image).save(folder / path)
        after = vectors_of(gathered(workspace, folder, name), workspace)
        lines = found.distances[found.distances["transform"] == name].set_index("row")
        expected = np.linalg.norm(before - after, axis=1)
        np.testing.assert_allclose(lines["distance"].loc[range(12)], expected, atol=2e-7)
        all_apart = np.linalg.norm(after[:, None] - before[None], axis=2)
        own = all_apart.argmin(axis=1) == np.arange(12)
        assert lines["own"].loc[range(12)].tolist() == own.tolist()


def masked(root, count=8):
    """A set whose objects are alike in form, on grounds of very different colours."""
    root.mkdir()
    lines = ["path,mask"]
    for seed in range(count):
        ground = Image.new("RGB", (48, 32), tuple(np.random.default_rng(seed).integers(0, 256, 3)))
        ground.paste(picture(seed, (20, 16)), (8, 8))
        mask = Image.new("L", (48, 32), 0)
        mask.paste(255, (8, 8, 28, 24))
        ground.save(root / f"{seed}.png")
        mask.save(root / f"m{seed}.png")
        lines.append(f"{seed}.png,m{seed}.png")
    (root / "table.csv").write_text("\n".join(lines))
    return root / "table.csv"


def test_where_there_are_masks_the_ground_is_swapped(workspace, tmp_path):
    opened = gathered(workspace, masked(tmp_path / "in"), encoder="pixels?colour=1")
    found = measure(opened, workspace).distances
    lines = found[found["transform"] == "background"]
    assert sorted(lines["row"]) == list(range(8))
    assert lines["distance"].median() > 0.15  # pixels see the ground
    masked_out = found[found["transform"] == "jpeg"]
    assert masked_out["distance"].median() < 0.1


def test_the_ground_is_that_of_another_picture(workspace, tmp_path, monkeypatch):
    grounds = []
    real = invariance.on_ground
    monkeypatch.setattr(invariance, "on_ground", lambda p, g: grounds.append((p, g)) or real(p, g))
    opened = gathered(workspace, masked(tmp_path / "in"))
    measure(opened, workspace)
    assert len(grounds) == 8
    for shown, ground in grounds:
        inside = np.asarray(shown.alpha) > 0
        colours = np.asarray(ground)[~inside]
        assert (colours == colours[0]).all()  # one ground, no object on it
    assert len({tuple(np.asarray(ground)[0, 0]) for _, ground in grounds}) == 8


def test_a_sample_is_drawn_by_its_seed_and_larger_where_encoding_is_quick(workspace, tmp_path):
    root = some(tmp_path / "in", 20)
    (root / "900.png").write_bytes((root / "000.png").read_bytes())
    opened = gathered(workspace, root)
    assert invariance._size(opened) == 500
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(invariance, "SAMPLE", 9)
        rows = [measure(opened, workspace, seed=s).distances["row"].unique() for s in (0, 0, 1)]
    assert rows[0].tolist() == rows[1].tolist() != rows[2].tolist()
    for drawn in rows:
        assert len(drawn) == opened.items["item_id"].iloc[drawn].nunique() == 9


def test_what_was_measured_is_not_measured_again(workspace, tmp_path, monkeypatch):
    opened = gathered(workspace, some(tmp_path / "in"))
    first = measure(opened, workspace)
    monkeypatch.setattr(invariance, "open_encoder", None)  # would fail if it were called
    assert measure(Library(workspace).open("set"), workspace).key == first.key
    assert open_invariance(workspace, first.key).distances.equals(first.distances)


def test_threads_change_nothing(tmp_path):
    root, tables = some(tmp_path / "in", 30), []
    for workers in (1, 4):
        workspace = Workspace(tmp_path / f"ws{workers}")
        opened = gathered(workspace, root)
        settings = settings_of(workspace, workers=workers)
        tables.append(invariance_of(opened, workspace, settings).distances)
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
        patched.setattr(invariance, "open_encoder", refuse)
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
    (root / "003.png").write_bytes(kept)
    picture(4, (96, 64)).save(root / "004.png")
    assert set(measure(opened, workspace).distances["row"]) == set(range(12))


def test_a_picture_that_a_change_makes_black_is_left_out(workspace, tmp_path):
    root = some(tmp_path / "in")
    Image.new("RGB", (40, 40), (0, 0, 5)).save(root / "night.png")
    opened = gathered(workspace, root)
    (night,) = opened.items.index[opened.items["path"] == "night.png"]
    found = measure(opened, workspace).distances
    assert "gain" not in set(found[found["row"] == night]["transform"])
    assert np.isfinite(found["distance"]).all()


def test_it_can_be_cancelled(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in", 40))
    steps = []
    stop = Progress(steps.append, cancelled=lambda: len(steps) >= 2, interval=0)
    with pytest.raises(JobCancelled):
        measure(opened, workspace, progress=stop)
    assert not list((workspace.root / "artefacts").glob("invariance/*"))

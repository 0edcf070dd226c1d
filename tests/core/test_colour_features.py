"""Hand-made colour features: published CIELAB values, masks, and those of a whole set."""

import numpy as np
import pytest
from looking import gathered, settings_of
from making import picture
from PIL import Image
from vectorsets import vector_set

from core.comparing import colours
from core.comparing.colours import colours_of
from core.errors import JobCancelled
from core.imaging.colour_features import FEATURES, colour_features
from core.imaging.decode import Picture
from core.library import Library
from core.progress import Progress
from core.storage.store import Workspace

#: CIELAB (D65, 2°) of the primaries of sRGB, as tables of it print them.
RED, GREEN, BLUE = (53.24, 80.09, 67.20), (87.73, -86.18, 83.18), (32.30, 79.19, -107.86)


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "ws")


def of(image, alpha=None):
    found = colour_features(Picture(image, alpha, image.width, image.height, "RGB", "PNG"))
    return dict(zip(FEATURES, found.tolist(), strict=True))


def two(left, right, size=(40, 20)):
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize(
    ("colour", "lab"), [((255, 0, 0), RED), ((0, 255, 0), GREEN), ((0, 0, 255), BLUE)]
)
def test_one_colour_has_its_published_values(colour, lab):
    found, chroma = of(Image.new("RGB", (500, 300), colour)), np.hypot(lab[1], lab[2])
    assert found["lightness"] == pytest.approx(lab[0], abs=0.02)
    assert found["red_green"] == pytest.approx(lab[1], abs=0.02)
    assert found["yellow_blue"] == pytest.approx(lab[2], abs=0.02)
    assert found["chroma"] == pytest.approx(chroma, abs=0.02)
    assert found["hue_cos"] == pytest.approx(lab[1] / chroma, abs=1e-3)
    assert found["hue_sin"] == pytest.approx(lab[2] / chroma, abs=1e-3)
    assert found["contrast"] == pytest.approx(0, abs=1e-9)
    assert found["colour_spread"] == pytest.approx(0, abs=1e-9)


def test_halves_have_the_mean_of_both_and_their_spread():
    found = of(two((255, 0, 0), (0, 255, 0)))
    mean = (np.array(RED) + GREEN) / 2
    assert found["lightness"] == pytest.approx(mean[0], abs=0.02)
    assert found["contrast"] == pytest.approx((GREEN[0] - RED[0]) / 2, abs=0.02)
    assert found["red_green"] == pytest.approx(mean[1], abs=0.02)
    spread = np.hypot((RED[1] - GREEN[1]) / 2, (RED[2] - GREEN[2]) / 2)
    assert found["colour_spread"] == pytest.approx(spread, abs=0.02)
    weights = np.hypot(RED[1], RED[2]) + np.hypot(GREEN[1], GREEN[2])
    assert found["hue_cos"] == pytest.approx((RED[1] + GREEN[1]) / weights, abs=1e-3)


def test_black_is_dark_white_is_pale_and_neither_has_a_hue():
    found = of(two((0, 0, 0), (255, 255, 255)))
    assert (found["dark"], found["pale"], found["lightness"]) == (0.5, 0.5, pytest.approx(50))
    assert np.isnan([found["hue_cos"], found["hue_sin"]]).all()
    assert found["chroma"] < 0.1


def test_what_is_masked_out_does_not_count_nor_what_is_mixed_with_it():
    image = Image.new("RGB", (1000, 600), (128, 128, 128))
    alpha = Image.new("L", image.size, 0)
    box = (203, 107, 611, 433)  # no multiple of the reduction: its border is mixed
    image.paste((255, 0, 0), box)
    alpha.paste(255, box)
    found = of(image, alpha)
    assert found["red_green"] == pytest.approx(RED[1], abs=0.02)
    assert found["contrast"] == pytest.approx(0, abs=1e-9)
    assert of(image)["red_green"] < 0.4 * RED[1]


def test_a_thin_object_is_seen_and_none_is_unknown():
    image = Image.new("RGB", (1920, 1920), (128, 128, 128))
    alpha = Image.new("L", image.size, 0)
    image.paste((255, 0, 0), (900, 0, 909, 1920))
    alpha.paste(255, (900, 0, 909, 1920))
    assert of(image, alpha)["red_green"] > 0.7 * RED[1]
    assert np.isnan(list(of(image, Image.new("L", image.size, 0)).values())).all()


# -- of a set --------------------------------------------------------------------------------------


def some(root, count=6):
    root.mkdir(parents=True)
    for seed in range(count):
        picture(seed).save(root / f"{seed}.png")
    (root / "9.png").write_bytes((root / "2.png").read_bytes())
    return root


def test_a_set_has_the_features_of_its_files_in_row_order(workspace, tmp_path, monkeypatch):
    root = some(tmp_path / "in")
    opened = gathered(workspace, root)
    found = colours_of(opened, workspace, settings_of(workspace))
    assert list(found.columns) == list(FEATURES)
    assert (found.dtypes == "float64").all()
    for row, path in enumerate(opened.items["path"]):
        with Image.open(root / path) as image:
            assert found.iloc[row].to_dict() == pytest.approx(of(image.convert("RGB")))
    copies = opened.items.index[opened.items["path"].isin(["2.png", "9.png"])]
    assert found.loc[copies].nunique().eq(1).all()
    monkeypatch.setattr(colours, "_measure", None)  # would fail if it were called
    assert colours_of(Library(workspace).open("set"), workspace, settings_of(workspace)).equals(
        found
    )


def test_masks_of_a_table_are_kept_to(workspace, tmp_path):
    root = some(tmp_path / "in", 3)
    for name in ("0", "1", "2"):
        mask = Image.new("L", (48, 32), 0)
        mask.paste(255, (0, 0, 20, 32))
        mask.save(root / f"mask{name}.png")
    lines = [f"{name}.png,mask{name}.png" for name in ("0", "1", "2")]
    (root / "table.csv").write_text("\n".join(["path,mask", *lines]))
    found = colours_of(gathered(workspace, root / "table.csv"), workspace, settings_of(workspace))
    for row in range(3):
        with Image.open(root / f"{row}.png") as image:
            left = of(image.convert("RGB").crop((0, 0, 20, 32)))
        assert found.iloc[row].to_dict() == pytest.approx(left)


def test_what_cannot_be_read_is_unknown_and_tried_again(workspace, tmp_path):
    root = some(tmp_path / "in")
    opened, kept = gathered(workspace, root), (root / "4.png").read_bytes()
    (root / "4.png").unlink()
    found = colours_of(opened, workspace, settings_of(workspace))
    missing = opened.items.index[opened.items["path"] == "4.png"]
    assert found.index[found.isna().all(axis=1)].tolist() == missing.tolist()
    (root / "4.png").write_bytes(kept)
    assert colours_of(opened, workspace, settings_of(workspace)).notna().all().all()


def test_vectors_without_pictures_have_no_colours(workspace):
    vector_set(workspace, np.random.default_rng(0).normal(size=(12, 4)))
    found = colours_of(Library(workspace).open("set"), workspace, settings_of(workspace))
    assert found.shape == (12, len(FEATURES))
    assert found.isna().all().all()


def test_it_can_be_cancelled(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in", 40))
    steps = []
    stop = Progress(steps.append, cancelled=lambda: len(steps) >= 2, interval=0)
    with pytest.raises(JobCancelled):
        colours_of(opened, workspace, settings_of(workspace), stop)
    assert not list((workspace.root / "artefacts").glob("colours/*"))

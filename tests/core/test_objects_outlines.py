"""Outlines of objects as text: run lengths, polygons, and what is cut out by them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.errors import DecodeError
from core.imaging import rle, shapes
from core.imaging.decode import load_picture
from core.ingest.objects.cutting import region_of_object
from core.keys import item_id
from core.model import Region


def random_masks():
    random = np.random.default_rng(3)
    for share in (0.0, 0.02, 0.3, 0.7, 1.0):
        for height, width in ((1, 1), (1, 9), (7, 1), (13, 21), (64, 48)):
            yield random.random((height, width)) < share


def test_run_lengths_come_back_from_their_text_and_their_mask():
    for mask in random_masks():
        height, width = mask.shape
        counts = rle.runs_of(mask)
        assert rle.expand(rle.compress(counts.tolist())).tolist() == counts.tolist()
        assert np.array_equal(rle.mask_of(counts, width, height), mask)
        assert counts[1::2].sum() == mask.sum()


def test_the_text_is_what_coco_writes():
    """Worked out by hand from the format, and the example that pycocotools is explained with."""
    mask = np.zeros((9, 10), bool)
    mask[2:6, 3:7] = True
    counts = rle.runs_of(mask).tolist()
    assert counts == [29, 4, 5, 4, 5, 4, 5, 4, 30]
    # 29 needs a second group, since its fifth bit would make it negative; from the fourth number
    # on differences are written: 0 five times, then 30 - 5 = 25, in two groups again.
    assert rle.compress(counts) == "m04500000i0"
    assert rle.expand("m04500000i0").tolist() == counts
    assert rle.expand("61X13mN000`0").tolist() == [6, 1, 40, 4, 5, 4, 5, 4, 21]


def test_bounds_are_those_of_the_marked_pixels():
    for mask in random_masks():
        found = rle.bounds(rle.runs_of(mask), mask.shape[0])
        if not mask.any():
            assert found is None
            continue
        ys, xs = np.nonzero(mask)
        assert found == (
            xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1
        )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [("é", "cannot hold"), ("m", "end within"), ("0" + "o" * 20, "cannot hold"), ("O", "negative")],
)
def test_damaged_run_lengths_are_refused(text, said):
    with pytest.raises(ValueError, match=said):
        rle.expand(text)


def test_run_lengths_of_another_size_are_refused():
    with pytest.raises(ValueError, match="5 pixels long, the picture of 2 × 3 has 6"):
        shapes.rle_text([2, 3], 2, 3)
    text = shapes.rle_text([2, 4], 2, 3)
    with pytest.raises(DecodeError, match="its mask is 2 × 3, the picture 3 × 2"):
        shapes.draw_shape(text, 3, 2)


def crossing(ring, x, y):
    """Tell by the angles to its corners whether a point is inside a ring: another method."""
    corners = np.asarray(ring).reshape(-1, 2) - (x, y)
    angles = np.arctan2(corners[:, 1], corners[:, 0])
    turns = np.diff(np.append(angles, angles[0]))
    winding = ((turns + np.pi) % (2 * np.pi) - np.pi).sum() / (2 * np.pi)
    return round(winding) % 2 == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_polygon_holds_the_pixels_whose_centres_it_goes_around(seed):
    random = np.random.default_rng(seed)
    ring = np.round(random.uniform(-4, 24, 2 * (3 + seed)), 3).tolist()
    drawn = shapes.draw_shape(shapes.polygon_text([ring]), 20, 16)
    expected = [[crossing(ring, x + 0.5, y + 0.5) for x in range(20)] for y in range(16)]
    assert np.array_equal(drawn, np.array(expected))


def test_several_polygons_are_one_outline():
    text = shapes.polygon_text([[1, 1, 4, 1, 4, 3, 1, 3], [3, 2, 6, 2, 6, 5, 3, 5]])
    drawn = shapes.draw_shape(text, 8, 6)
    assert drawn.sum() == 6 + 9 - 1
    assert shapes.shape_bounds(text, 8, 6) == (1, 1, 5, 4)
    assert shapes.rings_of(text)[1] == [3, 2, 6, 2, 6, 5, 3, 5]


@pytest.mark.parametrize(
    "ring", [[1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7], [0, 0, 1, float("nan"), 2, 2]]
)
def test_what_is_no_polygon_is_refused(ring):
    with pytest.raises(ValueError, match="polygon"):
        shapes.polygon_text([ring])


def test_an_item_is_cut_out_by_its_outline_and_known_by_it(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    shape = shapes.polygon_text([[10, 5, 30, 5, 30, 25, 10, 25]])
    region = region_of_object((10, 5, 20, 20), (60, 40), 0.1, shape)
    assert region.box == (8.0, 3.0, 24.0, 24.0)
    found = load_picture(tmp_path / "a.png", region, root=tmp_path)
    inside = np.asarray(found.image)
    assert np.array_equal(inside[2:22, 2:22], noise[5:25, 10:30])
    assert len(np.unique(inside[:2].reshape(-1, 3), axis=0)) == 1  # neutral around it
    other = Region(region.box, shapes.polygon_text([[10, 5, 30, 5, 30, 25, 11, 25]]))
    assert item_id("0" * 64, region) != item_id("0" * 64, other)


def test_an_outline_that_marks_nothing_is_said(tmp_path):
    Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / "a.png")
    region = Region((0, 0, 8, 8), shapes.rle_text([64], 8, 8))
    with pytest.raises(DecodeError, match="marks no pixel"):
        load_picture(tmp_path / "a.png", region, root=tmp_path)


def test_polygons_agree_with_another_drawing_program_but_for_the_rim():
    ring = [5.2, 3.1, 40.7, 8.4, 35.3, 30.9, 12.8, 28.2]
    mine = shapes.draw_shape(shapes.polygon_text([ring]), 50, 40)
    picture = Image.new("L", (50, 40))
    ImageDraw.Draw(picture).polygon(ring, fill=1)
    differing = np.argwhere(mine != (np.asarray(picture) == 1))
    corners = np.asarray(ring).reshape(-1, 2)
    for y, x in differing:
        ends = zip(corners, np.roll(corners, -1, axis=0), strict=True)
        assert min(distance_to(np.array([x + 0.5, y + 0.5]), a, b) for a, b in ends) < 1.5
    assert mine.sum() > 600


def distance_to(point, a, b):
    """Return the distance of a point from the line between two others."""
    share = np.clip((point - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return float(np.linalg.norm(a + share * (b - a) - point))

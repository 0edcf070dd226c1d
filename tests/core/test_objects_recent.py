"""A picture with many objects is decoded once, and never an old one for a new."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.imaging import decode
from core.imaging.decode import load_picture
from core.imaging.recent import Recent
from core.imaging.shapes import polygon_text
from core.model import Region

SIZE = (640, 480)


def noise(seed):
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC)


@pytest.fixture
def decoded(monkeypatch):
    """Count how often a picture's pixels are decoded, from an empty memory."""
    counts = {"jpeg": 0, "any": 0}

    def counting(name, function):
        def call(*given):
            counts[name] += 1
            return function(*given)

        return call

    monkeypatch.setattr(decode, "_recent", Recent(decode._bytes_of))
    monkeypatch.setattr(decode, "_scaled_jpeg", counting("jpeg", decode._scaled_jpeg))
    monkeypatch.setattr(decode, "_decode_any", counting("any", decode._decode_any))
    return counts


def regions():
    return [Region((10.0 + 20 * k, 15.0, 40.0, 30.0 + k)) for k in range(20)]


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "jpeg"), ("a.png", "any")])
def test_regions_of_one_picture_decode_it_once_and_show_the_same(tmp_path, decoded, name, kind):
    file = tmp_path / name
    noise(1).save(file)
    whole = np.asarray(load_picture(file).image)
    assert decoded[kind] == 1
    for region in regions():
        x, y, w, h = map(int, region.box)
        shown = np.asarray(load_picture(file, region).image)
        assert np.array_equal(shown, whole[y : y + h, x : x + w])
    assert decoded[kind] == 2  # whole pictures are not kept, regions share one


def test_another_scale_is_another_picture(tmp_path, decoded):
    file = tmp_path / "a.jpg"
    noise(1).save(file)
    sizes = {load_picture(file, Region((0, 0, 400, 400)), at_least=n).image.size
             for n in (None, 40, 90, 300)}  # fmt: skip
    assert sizes == {(400, 400), (50, 50), (100, 100)}
    assert decoded["jpeg"] == 3


def test_a_file_that_changed_is_read_again(tmp_path, decoded):
    file = tmp_path / "a.png"
    region = Region((0, 0, 64, 64))
    for seed in (1, 2, 3):
        noise(seed).save(tmp_path / "new.png")
        (tmp_path / "new.png").replace(file)
        shown = np.asarray(load_picture(file, region).image)
        assert np.array_equal(shown, np.asarray(noise(seed))[:64, :64])


def test_what_is_masked_out_is_as_neutral_as_before_it_was_cut_first(tmp_path):
    file = tmp_path / "a.png"
    rgba = np.dstack([np.asarray(noise(4)), np.full(SIZE[::-1], 255, np.uint8)])
    rgba[100:140, 200:260, 3] = 90
    Image.fromarray(rgba).save(file)
    mask = polygon_text([[180, 90, 290, 95, 270, 160, 190, 150]])
    whole = np.asarray(load_picture(file, Region(mask=mask)).image)
    part = load_picture(file, Region((170, 85, 130, 90), mask))
    assert np.array_equal(np.asarray(part.image), whole[85:175, 170:300])
    assert part.alpha.size == part.image.size


def test_many_threads_get_the_same(tmp_path):
    file = tmp_path / "a.jpg"
    noise(5).save(file)
    wanted = [np.asarray(load_picture(file, region).image) for region in regions()]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda r: np.asarray(load_picture(file, r).image), regions() * 10))
    assert all(np.array_equal(a, b) for a, b in zip(wanted * 10, found, strict=True))


def test_the_memory_is_bounded_and_drops_what_was_used_longest_ago():
    made = []

    def make(name, size):
        return lambda: (made.append(name), bytes(size))[1]

    kept = Recent(len, 100)
    kept.get(("a",), make("a", 40))
    kept.get(("b",), make("b", 40))
    kept.get(("a",), make("a", 40))
    kept.get(("c",), make("c", 40))  # b goes
    kept.get(("a",), make("a", 40))
    kept.get(("b",), make("b", 40))
    kept.get(("large",), make("large", 101))
    kept.get(("large",), make("large", 101))
    assert made == ["a", "b", "c", "b", "large", "large"]

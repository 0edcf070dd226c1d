"""Measures of pictures against cleanvision's and imagehash's own answers, frozen here."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from core.errors import InputError
from core.imaging.measures import measure_picture
from core.imaging.perceptual import hamming, perceptual_hash, perceptual_hashes, pixel_digest
from core.quality.pictures import ISSUES, picture_issues

#: cleanvision 0.3.7 and imagehash 4.3.2 with Pillow 12 on pictures no larger than 512 pixels:
#: 99th percentile of brightness, 1 − 5th, entropy, sharpness, perceptual hash.
KNOWN = {
    "solid 5": (0.0196078431372549, 0.9803921568627451, 1.584962500721156, 0.8656513715855974,
                0x8000000000000000),
    "solid 252": (0.988235294117647, 0.01176470588235301, 1.584962500721156, 1.0,
                  0x8000000000000000),
    "digit": (0.9333333333333332, 1.0, 4.623858761005685, 0.6822192603432647, 0x878CCC386D636573),
}  # fmt: skip
#: The same libraries on scikit-learn's two photographs, 640 × 427: larger than what is measured.
PHOTOGRAPHS = {
    "china": (0.9844456672760216, 0.9404541085612477, 9.248037661758344, 0.5017236996587369,
              0x9DB8C2C7445DBB24),
    "flower": (0.7949116920963293, 0.9330000258224499, 8.021617795703888, 0.4250945916574711,
               0x9B64386633CDC96C),
    "blurred": (0.6984261236382406, 0.9194860797782087, 7.993445706730608, 0.19349460135623975,
                0x9B64386633CDC96C),
}  # fmt: skip


def picture(name):
    from sklearn.datasets import load_digits, load_sample_image

    if name.startswith("solid"):
        return Image.new("RGB", (64, 48), (int(name.split()[1]),) * 3)
    if name == "digit":
        values = (load_digits().images[0] * 15.9).astype(np.uint8)
        return Image.fromarray(values).convert("RGB")
    photo = Image.fromarray(load_sample_image("china.jpg" if name == "china" else "flower.jpg"))
    return photo.filter(ImageFilter.GaussianBlur(12)) if name == "blurred" else photo


@pytest.mark.parametrize("name", KNOWN)
def test_small_pictures_are_measured_as_cleanvision_does(name):
    found = measure_picture(picture(name))
    high, light, entropy, sharpness, phash = KNOWN[name]
    assert found.brightness_high == pytest.approx(high, abs=1e-12)
    assert 1 - found.brightness_low == pytest.approx(light, abs=1e-12)
    assert found.entropy == pytest.approx(entropy, abs=1e-9)
    assert found.sharpness == pytest.approx(sharpness, abs=1e-9)
    assert perceptual_hash(picture(name)) == phash


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_large_pictures_are_measured_nearly_so(name):
    found = measure_picture(picture(name))
    high, light, entropy, sharpness, phash = PHOTOGRAPHS[name]
    assert found.brightness_high == pytest.approx(high, abs=0.02)
    assert 1 - found.brightness_low == pytest.approx(light, abs=0.02)
    assert found.entropy == pytest.approx(entropy, abs=0.1)
    assert found.sharpness == pytest.approx(sharpness, abs=0.03)
    assert int(hamming(np.uint64(perceptual_hash(picture(name))), np.uint64(phash))) == 0


def test_a_hash_outlives_what_a_picture_goes_through(tmp_path):
    photo = picture("china")
    photo.save(tmp_path / "q.jpg", quality=60)
    changed = [
        Image.open(tmp_path / "q.jpg"), photo.resize((320, 213)),
        photo.point(lambda value: min(255, int(value * 1.1))),
    ]  # fmt: skip
    known = np.uint64(perceptual_hash(photo))
    for one in changed:
        assert hamming(known, np.uint64(perceptual_hash(one))) <= 4
    assert hamming(known, np.uint64(perceptual_hash(picture("flower")))) > 16


def test_the_eight_hashes_are_those_of_the_turned_pictures():
    photo = picture("china").resize((32, 32))
    found = perceptual_hashes(photo)
    mirrored = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    ways = Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270
    turned = [photo, *map(photo.transpose, ways), mirrored, *map(mirrored.transpose, ways)]
    assert found.tolist() == [perceptual_hash(one) for one in turned]


def test_pixels_have_one_digest_in_any_lossless_format(tmp_path):
    photo = picture("china").resize((40, 30))
    digests = set()
    for kind in ("png", "bmp", "tiff", "webp"):
        photo.save(tmp_path / f"a.{kind}", **({"lossless": True} if kind == "webp" else {}))
        digests.add(pixel_digest(Image.open(tmp_path / f"a.{kind}")))
    assert len(digests) == 1
    other = photo.copy()
    other.putpixel((3, 3), (1, 2, 3))
    assert pixel_digest(other) not in digests
    assert pixel_digest(Image.new("RGB", (4, 6))) != pixel_digest(Image.new("RGB", (6, 4)))


def test_borders_and_grey_are_shares():
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    framed = np.zeros((100, 100, 3), np.uint8)
    framed[20:80, 10:90] = noise
    assert measure_picture(Image.fromarray(framed)).border == pytest.approx(1 - 0.6 * 0.8)
    assert measure_picture(Image.fromarray(noise)).border == 0
    assert measure_picture(Image.new("RGB", (9, 9), (7, 7, 7))).border == 0
    grey = Image.fromarray(noise[:, :, 0]).convert("RGB")
    assert measure_picture(grey).grey == 1
    assert measure_picture(Image.fromarray(noise)).grey < 0.05


def table(pictures):
    rows = []
    for one in pictures:
        found = measure_picture(one)
        values = {name: getattr(found, name) for name in found.__slots__}
        rows.append(values | {"width": one.width, "height": one.height})
    return pd.DataFrame(rows)


def test_each_fault_is_found_and_nothing_else():
    rng = np.random.default_rng(1)
    photo = picture("china")
    usual = []
    for _ in range(20):
        x, y = (int(v) for v in rng.integers(0, 120, 2))
        usual.append(photo.crop((x, y, x + 480, y + 300)))
    odd = {
        "dark": usual[0].point(lambda value: value // 5),
        "light": Image.new("RGB", (480, 300), (252, 252, 252)),
        "blurry": picture("blurred").crop((80, 60, 560, 360)),
        "odd_aspect": usual[2].resize((759, 190)),
        "odd_size": usual[3].resize((2400, 1500)),
        "grey": usual[4].convert("L").convert("RGB"),
        "border": Image.new("RGB", (480, 300)),
    }
    odd["border"].paste(usual[5].resize((380, 240)), (50, 30))
    found = picture_issues(table([*usual, *odd.values()]))
    for at, name in enumerate(odd, 20):
        assert at in found[name].rows, name
    assert 21 in found["low_information"].rows
    for name in ISSUES:
        assert (found[name].rows >= 20).all(), name
        assert found[name].unsuited == ""


def sized(*sizes):
    frame = table([picture("china").resize((8, 8))] * len(sizes))
    frame["width"], frame["height"] = zip(*sizes, strict=True)
    return picture_issues(frame)["odd_size"]


def test_a_size_is_odd_as_cleanvision_has_it():
    """Its formula: 1 − |size − middle| / gap, both of three interquartile ranges."""
    sides = np.array([100, 150, 200, 260, 300, 340, 2000.0])
    found = sized(*[(side, side) for side in sides])
    low, high = np.percentile(sides, [25, 75])
    least, most = low - 3 * (high - low), high + 3 * (high - low)
    expected = 1 - np.clip(np.abs(sides - (least + most) / 2) / (most - least), 0, 1)
    np.testing.assert_allclose(found.score, expected)
    assert found.rows.tolist() == [6]


def test_where_sizes_are_nearly_one_a_little_more_is_not_odd():
    photos = [(320, 213)] * 20 + [(320, 214)] * 12 + [(320, 240), (240, 320), (320, 200)]
    found = sized(*photos, (640, 480), (100, 80))
    assert sorted(found.rows.tolist()) == [35, 36]


def test_where_all_have_one_size_any_other_is_odd():
    found = sized(*[(28, 28)] * 60, (32, 32))
    assert found.rows.tolist() == [60]
    assert sized(*[(28, 28)] * 9).rows.tolist() == []


def test_what_most_of_a_set_is_like_is_said_to_suit_it_badly():
    frame = table([picture("solid 5")] * 5 + [picture("china")] * 5)
    found = picture_issues(frame)
    assert "50 % of the set" in found["dark"].unsuited
    assert not len(picture_issues(frame, {"dark": 0.0})["dark"].rows)
    assert len(picture_issues(table([picture("digit")] * 9))["grey"].rows) == 0  # a grey set


def test_what_was_not_measured_has_no_issue():
    frame = table([picture("china"), picture("solid 5")])
    frame.loc[1] = np.nan
    for issue in picture_issues(frame).values():
        assert 1 not in issue.rows
        assert np.isnan(issue.score[1])
    for bad in ({"dim": 0.5}, {"dark": 3}):
        with pytest.raises(InputError):
            picture_issues(frame, bad)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_picture_can_be_measured(width, height, seed):
    values = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    found = measure_picture(Image.fromarray(values))
    for name in found.__slots__:
        assert np.isfinite(getattr(found, name))
    assert 0 <= found.border <= 1
    assert 0 <= perceptual_hash(Image.fromarray(values)) < 2**64

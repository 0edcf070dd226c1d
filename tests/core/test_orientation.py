"""Orientation: a suspicion only where the file contradicts its own tag."""

import io
import shutil

import numpy as np
import pytest
from looking import gathered, settings_of
from making import picture
from PIL import Image

from core.checking.pixels import pixels_of
from core.imaging.decode import Limits
from core.imaging.orientation import orientation_score
from core.quality.pictures import picture_issues
from core.storage.store import Workspace

TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270,
         8: Image.Transpose.ROTATE_90}  # fmt: skip


def scene(size=(320, 200)):
    return picture(5, size)


def with_thumbnail(tag, thumbnail, noted=None):
    """Return EXIF bytes as a camera writes them: the tag, the size, and a thumbnail."""
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG")
    data = buffer.getvalue()
    head = Image.Exif()
    head[0x0112] = tag
    if noted:
        head.get_ifd(0x8769).update({0xA002: noted[0], 0xA003: noted[1]})
    body = bytearray(head.tobytes())  # "Exif\0\0", then TIFF
    tiff = body[6:]
    # The link of the first directory to the next, where Pillow writes none.
    order = "little" if tiff[:2] == b"II" else "big"
    first = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[first : first + 2], order)
    link = first + 2 + 12 * count
    second = len(tiff)
    entries = [(0x0103, 3, 1, 6), (0x0201, 4, 1, second + 2 + 36 + 4), (0x0202, 4, 1, len(data))]
    directory = len(entries).to_bytes(2, order)
    for number, kind, total, value in entries:
        directory += number.to_bytes(2, order) + kind.to_bytes(2, order)
        directory += total.to_bytes(4, order)
        directory += value.to_bytes(2, order) + b"\0\0" if kind == 3 else value.to_bytes(4, order)
    tiff[link : link + 4] = second.to_bytes(4, order)
    return b"Exif\0\0" + bytes(tiff) + directory + b"\0\0\0\0" + data


def small(image):
    return image.resize((160, 100) if image.width > image.height else (100, 160))


def score(path):
    with Image.open(path) as image:
        kind = image.format
    return orientation_score(path, kind)


@pytest.mark.parametrize("tag", [1, 3, 6, 8])
def test_a_picture_as_its_camera_wrote_it_is_not_suspected(tmp_path, tag):
    stored = scene()
    exif = with_thumbnail(tag, small(stored), stored.size)
    stored.save(tmp_path / "a.jpg", exif=exif)
    assert score(tmp_path / "a.jpg") == 1


@pytest.mark.parametrize(("tag", "expected"), [(3, 0.1), (6, 0.0), (8, 0.0)])
def test_pixels_turned_while_the_tag_was_left_are_suspected(tmp_path, tag, expected):
    sensor = scene()
    exif = with_thumbnail(tag, small(sensor), sensor.size)
    sensor.transpose(TURNS[tag]).save(tmp_path / "a.jpg", exif=exif)
    assert score(tmp_path / "a.jpg") == expected


def test_the_noted_size_alone_is_a_weaker_witness(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update({0xA002: 320, 0xA003: 200})
    scene((200, 320)).save(tmp_path / "turned.jpg", exif=exif)
    assert score(tmp_path / "turned.jpg") == pytest.approx(0.2)
    scene((320, 200)).save(tmp_path / "as_stored.jpg", exif=exif)
    assert score(tmp_path / "as_stored.jpg") == 1
    scene((320, 320)).save(tmp_path / "square.jpg", exif=exif)
    assert score(tmp_path / "square.jpg") == 1


def test_a_program_that_turned_pixels_and_tag_is_not_suspected(tmp_path):
    """The thumbnail and the noted size are the old ones, but the tag says upright."""
    sensor = scene()
    exif = with_thumbnail(1, small(sensor), sensor.size)
    sensor.transpose(TURNS[6]).save(tmp_path / "a.jpg", exif=exif)
    assert score(tmp_path / "a.jpg") == 1


@pytest.mark.parametrize(("exif_tag", "xmp_tag", "expected"), [(1, 6, 0.3), (6, 6, 1), (6, 1, 0.3)])
def test_another_orientation_in_xmp_is_suspected(tmp_path, exif_tag, xmp_tag, expected):
    exif = Image.Exif()
    exif[0x0112] = exif_tag
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Orientation="{xmp_tag}"/></x:xmpmeta>'
    scene().save(tmp_path / "a.jpg", exif=exif, xmp=xmp.encode())
    assert score(tmp_path / "a.jpg") == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow says so, and goes on
def test_files_without_anything_to_say_are_not_suspected(tmp_path):
    scene().save(tmp_path / "plain.jpg")
    scene().save(tmp_path / "plain.png")
    scene().save(tmp_path / "broken.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08" + b"\xff" * 40)
    exif = Image.Exif()
    exif[0x0112] = 77
    scene().save(tmp_path / "odd.jpg", exif=exif)
    for name in ("plain.jpg", "plain.png", "broken.jpg", "odd.jpg"):
        assert score(tmp_path / name) == 1
    assert orientation_score(tmp_path / "gone.jpg", "JPEG") == 1
    assert orientation_score(tmp_path / "plain.jpg", "JPEG", limits=Limits(10, 10)) == 1


def test_a_picture_that_is_the_same_upside_down_is_not_suspected(tmp_path):
    half = np.asarray(scene((320, 100)))
    symmetric = Image.fromarray(np.concatenate([half, np.rot90(half, 2)]))
    symmetric.save(tmp_path / "a.jpg", exif=with_thumbnail(3, small(symmetric)))
    assert score(tmp_path / "a.jpg") == 1


def test_an_orientation_in_xmp_alone_contradicts_nothing(tmp_path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Orientation="6"/></x:xmpmeta>'
    scene().save(tmp_path / "a.jpg", xmp=xmp)
    assert score(tmp_path / "a.jpg") == 1


def test_a_flat_picture_has_no_thumbnail_to_compare(tmp_path):
    flat = Image.new("RGB", (320, 200), (9, 9, 9))
    flat.save(tmp_path / "a.jpg", exif=with_thumbnail(3, small(flat)))
    assert score(tmp_path / "a.jpg") == 1


def test_a_suspicion_is_a_picture_issue_of_the_set(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    for seed in range(4):
        picture(seed, (120, 80)).save(root / f"{seed}.png")
    sensor = scene()
    turned = sensor.transpose(TURNS[6])
    turned.save(root / "bad.jpg", exif=with_thumbnail(6, small(sensor), sensor.size))
    shutil.copy(root / "bad.jpg", root / "copy.jpg")
    workspace = Workspace(tmp_path / "ws")
    opened = gathered(workspace, root)
    found = pixels_of(opened, workspace, settings_of(workspace))
    issue = picture_issues(found.table)["orientation"]
    names = opened.items["path"].iloc[issue.rows].tolist()
    assert sorted(names) == ["bad.jpg", "copy.jpg"]
    assert issue.unsuited != ""  # two of six
    assert np.isfinite(issue.score).all()

"""Decoding: every mode right, every bad file a reason in words, nothing outside the root."""

import gzip
import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import DecodeError
from core.imaging.decode import Limits, encode_thumbnail, load_picture, thumbnail_type
from core.imaging.idx import write_idx
from core.model import Region

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def photograph(width: int = 640, height: int = 427) -> Image.Image:
    from sklearn.datasets import load_sample_image

    return Image.fromarray(load_sample_image("china.jpg")).resize((width, height))


def corners() -> Image.Image:
    """40 × 20, another colour in each quarter: red, green / blue, white."""
    image = Image.new("RGB", (40, 20))
    for colour, box in (
        (RED, (0, 0, 20, 10)),
        (GREEN, (20, 0, 40, 10)),
        (BLUE, (0, 10, 20, 20)),
        (WHITE, (20, 10, 40, 20)),
    ):
        image.paste(colour, box)
    return image


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def pixels(path: Path, **options: object) -> np.ndarray:
    return np.asarray(load_picture(path, **options).image)  # type: ignore[arg-type]


def psnr(left: np.ndarray, right: np.ndarray) -> float:
    error = ((left.astype(float) - right.astype(float)) ** 2).mean()
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def deep_png(values: np.ndarray) -> bytes:
    """Write `(h, w, 3 or 4)` uint16 as a 16-bit colour PNG, which Pillow cannot."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# --- modes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "TGA", "QOI", "JPEG2000"]
)
def test_lossless_formats_give_the_pixels_written(tmp_path: Path, kind: str) -> None:
    if kind == "QOI":
        path = saved(tmp_path / "a.qoi", corners())
    else:
        path = saved(
            tmp_path / "a", corners(), format=kind, **({"lossless": True} if kind == "WEBP" else {})
        )
    picture = load_picture(path)
    assert np.array_equal(np.asarray(picture.image), np.asarray(corners()))
    assert (picture.width, picture.height, picture.format) == (40, 20, kind)
    assert picture.alpha is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied_in_every_format(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    stored = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    upright = corners()
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    turned = upright.transpose(stored) if stored is not None else upright
    path = saved(tmp_path / "a", turned, format=kind, exif=exif, **options)
    picture = load_picture(path)
    assert (picture.width, picture.height) == picture.image.size == (40, 20)
    assert psnr(np.asarray(picture.image), np.asarray(upright)) > 35
    smaller = load_picture(path, at_least=10)
    assert psnr(np.asarray(smaller.image.resize((40, 20))), np.asarray(upright)) > 15
    assert (smaller.width, smaller.height) == (40, 20)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow's, of this very fault
def test_unreadable_exif_leaves_the_picture_as_it_lies(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", corners(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\x01" * 9)
    assert load_picture(path).image.size == (40, 20)


def test_palette_with_transparency_shows_mid_grey_and_keeps_the_mask(tmp_path: Path) -> None:
    image = Image.new("P", (4, 2), 1)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((0, 0), 0)
    path = saved(tmp_path / "a.png", image, transparency=0)
    picture = load_picture(path)
    assert picture.mode == "P"
    assert picture.image.getpixel((0, 0)) == (128, 128, 128)
    assert picture.image.getpixel((1, 1)) == (200, 100, 50)
    assert picture.alpha is not None
    assert picture.alpha.mode == "L"
    assert (picture.alpha.getpixel((0, 0)), picture.alpha.getpixel((1, 1))) == (0, 255)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_half_transparent_pixels_are_mixed_with_mid_grey(tmp_path: Path, mode: str) -> None:
    fill = (28, 100) if mode == "LA" else (28, 28, 28, 100)
    picture = load_picture(saved(tmp_path / "a.png", Image.new(mode, (3, 3), fill)))
    expected = round((28 * 100 + 128 * 155) / 255)
    assert picture.image.getpixel((1, 1)) == (expected,) * 3
    assert picture.alpha is not None
    assert picture.alpha.getextrema() == (100, 100)


def test_opaque_alpha_is_no_mask(tmp_path: Path) -> None:
    picture = load_picture(saved(tmp_path / "a.png", Image.new("RGBA", (3, 3), (9, 8, 7, 255))))
    assert picture.alpha is None
    assert picture.image.getpixel((0, 0)) == (9, 8, 7)


def test_one_bit_becomes_black_and_white(tmp_path: Path) -> None:
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    assert pixels(saved(tmp_path / "a.png", image)).tolist() == [[[0] * 3, [255] * 3]]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "a", Image.new("CMYK", (64, 64), (0, 255, 255, 0)), format=kind)
    picture = load_picture(path, at_least=16)
    assert picture.mode == "CMYK"
    assert np.abs(np.asarray(picture.image, int)[5, 5] - RED).max() <= 3
    assert (picture.width, picture.height) == (64, 64)


def test_lab_is_converted(tmp_path: Path) -> None:
    lab = Image.new("LAB", (4, 4), (255, 128, 128))
    assert np.abs(pixels(saved(tmp_path / "a.tif", lab)).astype(int) - 255).max() <= 3


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.tiff"])
def test_sixteen_bit_grey_is_scaled_by_its_own_range(tmp_path: Path, name: str) -> None:
    values = np.array([[12, 4095], [1000, 2053]], np.uint16)
    picture = load_picture(saved(tmp_path / name, Image.fromarray(values)))
    expected = np.rint((values - 12.0) / (4095 - 12) * 255)
    assert np.array_equal(np.asarray(picture.image)[..., 0], expected)
    assert picture.mode == "I;16"
    assert picture.notes == ("16-bit scaled by its own range 12..4095",)


@pytest.mark.parametrize(("dtype", "word"), [(np.int32, "32-bit"), (np.float32, "floating-point")])
def test_wide_tiff_is_scaled_by_its_own_range(tmp_path: Path, dtype: type, word: str) -> None:
    values = np.array([[-5, 0], [5, 15]], dtype)
    picture = load_picture(saved(tmp_path / "a.tif", Image.fromarray(values)))
    assert np.asarray(picture.image)[..., 0].tolist() == [[0, 64], [128, 255]]
    assert picture.notes == (f"{word} scaled by its own range -5..15",)


def test_non_finite_pixels_are_left_out_of_the_range(tmp_path: Path) -> None:
    values = np.array([[np.nan, 1], [2, np.inf]], np.float32)
    picture = load_picture(saved(tmp_path / "a.tif", Image.fromarray(values)))
    assert np.asarray(picture.image)[..., 0].tolist() == [[0, 0], [255, 0]]
    assert "2 non-finite values" in picture.notes[0]


def test_all_nan_picture_has_a_reason(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray(np.full((2, 2), np.nan, np.float32)))
    with pytest.raises(DecodeError, match="no finite pixel"):
        load_picture(path)


@given(
    values=st.lists(st.integers(0, 65535), min_size=12, max_size=12),
    channels=st.sampled_from([3, 4]),
)
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_sixteen_bit_colour_keeps_its_low_bytes(
    tmp_path: Path, values: list[int], channels: int
) -> None:
    array = np.array(values, np.uint16).reshape(2, 2, 3)
    stored = array if channels == 3 else np.dstack([array, np.full((2, 2), 65535, np.uint16)])
    path = tmp_path / "deep.png"
    path.write_bytes(deep_png(stored))
    low, high = float(array.min()), float(array.max())
    expected = np.rint((array - low) / max(high - low, 1) * 255)
    picture = load_picture(path)
    assert np.array_equal(np.asarray(picture.image), expected)
    assert picture.notes == (f"16-bit colour scaled by its own range {low:.6g}..{high:.6g}",)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_sixteen_bit_colour_tiff_of_either_byte_order(
    tmp_path: Path, order: str, compression: str | None
) -> None:
    tifffile = pytest.importorskip("tifffile")
    array = np.arange(700, 700 + 5 * 6 * 3, dtype=np.uint16).reshape(5, 6, 3) * 3
    tifffile.imwrite(
        tmp_path / "a.tif", array, byteorder=order, photometric="rgb", compression=compression
    )
    low, high = int(array.min()), int(array.max())
    expected = np.rint((array - float(low)) / (high - low) * 255)
    picture = load_picture(tmp_path / "a.tif")
    assert np.array_equal(np.asarray(picture.image), expected)
    assert picture.notes == (f"16-bit colour scaled by its own range {low}..{high}",)


def test_heic_and_avif_are_read(tmp_path: Path) -> None:
    import pillow_heif

    image = photograph(160, 120)
    pillow_heif.from_pillow(image).save(tmp_path / "a.heic", quality=95)
    image.save(tmp_path / "a.avif", quality=95)
    for name, kind in (("a.heic", "HEIF"), ("a.avif", "AVIF")):
        picture = load_picture(tmp_path / name)
        assert picture.format == kind
        assert psnr(np.asarray(picture.image), np.asarray(image)) > 30


# --- frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_first_frame_is_taken_and_others_can_be_asked_for(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if kind == "WEBP" else {}
    path = saved(
        tmp_path / "a", frames[0], format=kind, save_all=True, append_images=frames[1:], **options
    )
    first = load_picture(path)
    assert first.image.getpixel((4, 4)) == RED
    assert first.notes == ("first of 3 frames",)
    third = load_picture(path, Region(frame=2))
    assert third.image.getpixel((4, 4)) == BLUE
    assert third.notes == ()
    with pytest.raises(DecodeError, match="no frame 3, only 3"):
        load_picture(path, Region(frame=3))


def test_single_picture_has_only_frame_zero(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", corners())
    assert load_picture(path, Region(frame=0)).notes == ()
    for frame in (1, -1):
        with pytest.raises(DecodeError, match=f"no frame {frame}, only 1"):
            load_picture(path, Region(frame=frame))


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_frames_of_idx_files(tmp_path: Path, name: str) -> None:
    array = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    write_idx(tmp_path / name, array)
    picture = load_picture(tmp_path / name, Region(frame=2), root=tmp_path)
    assert np.array_equal(np.asarray(picture.image)[..., 1], array[2])
    assert (picture.width, picture.height, picture.format, picture.mode) == (5, 4, "IDX", "L")
    assert load_picture(tmp_path / name).notes == ("first of 3 frames",)
    with pytest.raises(DecodeError, match="no frame 3, only 3"):
        load_picture(tmp_path / name, Region(frame=3))


def test_gzipped_idx_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a-idx3-ubyte.gz"
    write_idx(path, np.zeros((1, 2, 2), np.uint8))
    assert pixels(path).max() == 0
    write_idx(tmp_path / "new", np.full((1, 3, 3), 9, np.uint8))
    path.write_bytes(gzip.compress((tmp_path / "new").read_bytes()))
    assert pixels(path).shape == (3, 3, 3)


def test_wide_idx_values_are_scaled_with_a_note(tmp_path: Path) -> None:
    write_idx(tmp_path / "a", np.array([[[0, 1000], [500, 250]]], ">i2"))
    picture = load_picture(tmp_path / "a", Region(frame=0))
    assert np.asarray(picture.image)[..., 0].tolist() == [[0, 255], [128, 64]]
    assert picture.notes == ("int16 scaled by its own range 0..1000",)


# --- regions -------------------------------------------------------------------------------------


def test_box_is_cut_in_upright_pixels_and_clipped(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.png", corners().transpose(Image.Transpose.ROTATE_90), exif=exif)
    picture = load_picture(path, Region(box=(20, 10, 100, 100)))
    assert picture.image.size == (20, 10)
    assert (picture.width, picture.height) == (40, 20)
    assert set(picture.image.get_flattened_data()) == {WHITE}


@pytest.mark.parametrize(
    "box", [(40, 0, 5, 5), (-9, 0, 5, 5), (0, 0, 0, 5), (0, float("nan"), 5, 5)]
)
def test_box_outside_the_picture_has_a_reason(tmp_path: Path, box: tuple) -> None:
    with pytest.raises(DecodeError, match="lies outside the picture of 40 × 20"):
        load_picture(saved(tmp_path / "a.png", corners()), Region(box=box))


def test_small_box_of_a_large_jpeg_is_decoded_large_enough(tmp_path: Path) -> None:
    image = photograph(1280, 960)
    path = saved(tmp_path / "a.jpg", image, quality=92)
    whole = load_picture(path, at_least=100)
    assert whole.image.size == (160, 120)
    part = load_picture(path, Region(box=(200, 100, 400, 240)), at_least=100)
    assert part.image.size == (200, 120)
    full = load_picture(path, Region(box=(200, 100, 400, 240))).image.resize((200, 120))
    assert psnr(np.asarray(part.image), np.asarray(full)) > 28


def test_mask_hides_what_is_outside_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", corners())
    mask = Image.new("1", (40, 20))
    mask.paste(1, (0, 0, 20, 20))
    saved(tmp_path / "m.png", mask)
    picture = load_picture(path, Region(mask="m.png"), root=tmp_path)
    assert picture.image.getpixel((5, 5)) == RED
    assert picture.image.getpixel((30, 5)) == (128, 128, 128)
    assert picture.alpha is not None
    assert picture.alpha.getpixel((30, 5)) == 0
    cut = load_picture(path, Region(box=(10, 0, 20, 10), mask="m.png"), root=tmp_path)
    assert cut.alpha is not None
    assert cut.alpha.size == cut.image.size == (20, 10)
    assert np.asarray(cut.alpha)[0].tolist() == [255] * 10 + [0] * 10


def test_mask_faults_have_reasons(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    path = saved(root / "a.png", corners())
    saved(root / "small.png", Image.new("1", (10, 10), 1))
    saved(root / "empty.png", Image.new("L", (40, 20)))
    saved(tmp_path / "away.png", Image.new("L", (40, 20), 1))
    (root / "text.png").write_text("no picture")
    for mask, reason in (
        ("small.png", "small.png: is 10 × 10, the picture 40 × 20"),
        ("empty.png", "empty.png: marks no pixel"),
        ("gone.png", "gone.png: file not found"),
        ("text.png", "text.png: not an image"),
        ("../away.png", "away.png: path leading out of the folder"),
    ):
        with pytest.raises(DecodeError, match=reason):
            load_picture(path, Region(mask=mask), root=root)


# --- the fast path -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [False, True])
def test_full_jpeg_decode_equals_pillows(tmp_path: Path, mode: str, progressive: bool) -> None:
    image = photograph().convert(mode)
    path = saved(tmp_path / "a.jpg", image, quality=90, progressive=progressive)
    with Image.open(path) as reference:
        assert np.array_equal(pixels(path), np.asarray(reference.convert("RGB")))


def test_reduced_jpeg_is_close_to_the_full_one_at_network_size(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", photograph(1280, 960), quality=90)
    full = load_picture(path).image.resize((224, 224), Image.Resampling.BICUBIC)
    reduced = load_picture(path, at_least=448)
    assert reduced.image.size == (640, 480)
    small = reduced.image.resize((224, 224), Image.Resampling.BICUBIC)
    assert psnr(np.asarray(full), np.asarray(small)) > 47


@given(width=st.integers(1, 300), height=st.integers(1, 300), at_least=st.integers(1, 320))
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_reduced_side_is_never_below_what_was_asked(
    tmp_path: Path, width: int, height: int, at_least: int
) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (width, height), RED))
    picture = load_picture(path, at_least=at_least)
    assert min(picture.image.size) >= min(at_least, width, height)
    assert (picture.width, picture.height) == (width, height)


def test_many_threads_get_the_same_pixels(tmp_path: Path) -> None:
    kinds = ["JPEG", "PNG", "WEBP", "GIF", "TIFF"]
    paths = [saved(tmp_path / kind, photograph(64, 48), format=kind) for kind in kinds]
    expected = [pixels(path) for path in paths]
    wrong: list[Path] = []

    def work() -> None:
        for _ in range(10):
            wrong.extend(
                path
                for path, value in zip(paths, expected, strict=True)
                if not np.array_equal(pixels(path), value)
            )

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- faults --------------------------------------------------------------------------------------


def reason(path: Path, **options: object) -> str:
    with pytest.raises(DecodeError) as caught:
        load_picture(path, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert str(path.parent) not in text
    assert "\n" not in text
    return text


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert reason(tmp_path / "a.jpg") == "empty file (0 bytes)"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_files_are_never_shown(tmp_path: Path, kind: str, share: float) -> None:
    buffer = io.BytesIO()
    photograph(320, 240).save(buffer, kind)
    data = buffer.getvalue()
    (tmp_path / "a").write_bytes(data[: int(len(data) * share)])
    assert reason(tmp_path / "a").startswith(("truncated", "damaged"))
    if share > 0.1 and kind in {"JPEG", "PNG", "BMP", "GIF"}:
        assert reason(tmp_path / "a", at_least=50).startswith("truncated: ")


def test_jpeg_closed_early_is_not_filled_with_grey(tmp_path: Path) -> None:
    data = saved(tmp_path / "a.jpg", photograph(), quality=90).read_bytes()
    (tmp_path / "b.jpg").write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    assert "JPEG data end before" in reason(tmp_path / "b.jpg")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"hello, this is a text file\n" * 5, "not an image Vitrine can read"),
        (b"%PDF-1.7 \n" + b"x" * 90, "not an image Vitrine can read"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "PostScript"),
        (gzip.compress(b"some text", mtime=0), "gzip archive"),
    ],
)
def test_what_is_no_image_is_told_so(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "a.png").write_bytes(data)
    assert expected in reason(tmp_path / "a.png")


def test_missing_file_folder_and_pipe(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.png") == "file not found"
    assert "regular file" in reason(tmp_path) or "directory" in reason(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    assert reason(tmp_path / "pipe.png") == "not a regular file"


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", corners())

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert reason(path) == "cannot be read: permission denied"


def test_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )
    data += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    (tmp_path / "bomb.png").write_bytes(data)
    text = reason(tmp_path / "bomb.png")
    assert text.startswith("3600.0 megapixels, more than the limit of 200.0: raise max_pixels")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP"])
def test_pixel_limit_counts_for_every_format(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "a", corners(), format=kind)
    assert "megapixels, more than the limit" in reason(path, limits=Limits(max_pixels=799))
    assert load_picture(path, limits=Limits(max_pixels=800)).width == 40


def test_large_page_behind_a_small_one_is_refused(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.tif", corners(), save_all=True, append_images=[Image.new("L", (90, 90))]
    )
    limits = Limits(max_pixels=1000)
    assert load_picture(path, limits=limits).width == 40
    with pytest.raises(DecodeError, match="megapixels, more than the limit"):
        load_picture(path, Region(frame=1), limits=limits)


def test_pixel_limit_counts_for_idx_frames(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", 1, 60_000, 60_000) + b"x")
    assert "3600.0 megapixels" in reason(tmp_path / "a")


def test_pictures_beyond_pillows_own_limit_follow_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.png", corners())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert load_picture(path, Region(box=(0, 0, 39, 20))).image.size == (39, 20)


def test_file_size_limit(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", corners())
    assert "more than the limit" in reason(path, limits=Limits(max_bytes=10))


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    away = saved(tmp_path / "away.png", corners())
    saved(root / "sub" / "inside.png", corners())
    (root / "link.png").symlink_to(away)
    (root / "folder").symlink_to(tmp_path)
    (root / "fine.png").symlink_to(root / "sub" / "inside.png")
    (root / "loop.png").symlink_to(root / "loop.png")
    assert "out of the folder" in reason(root / "link.png", root=root)
    assert "out of the folder" in reason(root / "folder" / "away.png", root=root)
    assert "out of the folder" in reason(root / ".." / "away.png", root=root)
    assert reason(root / "loop.png", root=root).startswith("cannot be read")
    assert load_picture(root / "fine.png", root=root).width == 40
    assert load_picture(Path("sub/inside.png"), root=root).width == 40
    assert load_picture(root / "link.png").width == 40


def outcome(path: Path) -> str:
    """Return a picture's mode, or the reason why there is none; anything else escapes."""
    try:
        return load_picture(path, limits=Limits(max_pixels=1_000_000)).image.mode
    except DecodeError as error:
        return str(error)


@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PPM"]))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_bytes_give_a_picture_or_a_reason(
    tmp_path: Path, data: st.DataObject, kind: str
) -> None:
    buffer = io.BytesIO()
    corners().save(buffer, kind)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "a").write_bytes(content)
    answer = outcome(tmp_path / "a")
    assert answer
    assert str(tmp_path) not in answer


@given(content=st.binary(max_size=300))
@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_give_a_picture_or_a_reason(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert outcome(tmp_path / "a")


# --- thumbnails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 480), (256, 192)), ((100, 1000), (26, 256)), ((5000, 1), (256, 1))],
)
def test_thumbnail_fits_its_side(size: tuple[int, int], expected: tuple[int, int]) -> None:
    data = encode_thumbnail(Image.new("RGB", size, RED))
    assert thumbnail_type(data) == "image/jpeg"
    with Image.open(io.BytesIO(data)) as thumbnail:
        assert thumbnail.size == expected
        assert np.abs(np.asarray(thumbnail, int) - RED).max() <= 3


def test_small_picture_is_kept_pixel_for_pixel() -> None:
    image = photograph(64, 33)
    data = encode_thumbnail(image)
    assert thumbnail_type(data) == "image/png"
    with Image.open(io.BytesIO(data)) as thumbnail:
        assert np.array_equal(np.asarray(thumbnail), np.asarray(image))


def test_picture_of_middle_size_is_not_enlarged() -> None:
    with Image.open(io.BytesIO(encode_thumbnail(photograph(120, 80)))) as thumbnail:
        assert thumbnail.size == (120, 80)


def test_thumbnail_carries_no_metadata() -> None:
    image = photograph(300, 300)
    image.info["comment"] = b"secret"
    assert b"secret" not in encode_thumbnail(image)


def test_importing_decode_loads_nothing_heavy() -> None:
    code = (
        "import sys, core.imaging.decode, core.ingest, core.storage.catalog;"
        "print(sorted({'torch','sklearn','scipy','skimage','numba','pi_heif'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

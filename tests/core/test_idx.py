"""IDX arrays: read back as written, refused with numbers when damaged."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import InputError
from core.imaging import idx


@given(
    array=arrays.arrays(
        dtype=st.sampled_from(["u1", "i1", ">i2", ">i4", ">f4", ">f8"]),
        shape=arrays.array_shapes(min_dims=1, max_dims=4, max_side=4),
    ),
    suffix=st.sampled_from(["", ".gz"]),
)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_arrays_come_back_as_written(tmp_path: Path, array: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    idx.write_idx(path, array)
    back = idx.load_idx(path)
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()
    assert back.shape == array.shape


def test_layout_is_that_of_mnist(tmp_path: Path) -> None:
    data = b"\0\0\x08\x03" + struct.pack(">3I", 2, 1, 3) + bytes([1, 2, 3, 4, 5, 6])
    (tmp_path / "a").write_bytes(data)
    assert idx.load_idx(tmp_path / "a").tolist() == [[[1, 2, 3]], [[4, 5, 6]]]
    idx.write_idx(tmp_path / "b", np.array([[[1, 2, 3]], [[4, 5, 6]]], np.uint8))
    assert (tmp_path / "b").read_bytes() == data


def test_values_are_big_endian(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\0\x0b\x01" + struct.pack(">I", 1) + b"\x01\x02")
    assert idx.load_idx(tmp_path / "a").tolist() == [0x0102]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("extra", "word"), [(-1, "truncated"), (1, "too long")])
def test_wrong_length_names_file_and_bytes(
    tmp_path: Path, packed: bool, extra: int, word: str
) -> None:
    data = b"\0\0\x08\x03" + struct.pack(">3I", 2, 3, 3) + bytes(18 + extra)
    (tmp_path / "digits").write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(InputError, match=f"digits: {word}: {18 + extra} bytes .* needs 18"):
        idx.load_idx(tmp_path / "digits")


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    idx.write_idx(tmp_path / "a.gz", np.random.default_rng(0).integers(0, 9, (9, 9, 9), np.uint8))
    data = (tmp_path / "a.gz").read_bytes()
    (tmp_path / "a.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"a\.gz: damaged gzip file"):
        idx.load_idx(tmp_path / "a.gz")


def test_gzip_that_claims_to_unpack_to_too_much_is_refused(tmp_path: Path) -> None:
    head = b"\0\0\x08\x03" + struct.pack(">3I", 60_000, 60_000, 60_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(head + bytes(99)))
    with pytest.raises(InputError, match="more than the limit of 4 GiB"):
        idx.load_idx(tmp_path / "a.gz")


@pytest.mark.parametrize(
    "data", [b"", b"\0\0", b"\x89PNG\r\n", b"\0\0\x07\x03" + bytes(20), b"\0\0\x08\x05" + bytes(20)]
)
def test_other_files_are_not_idx(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert not idx.is_idx_file(tmp_path / "a")
    with pytest.raises(InputError, match="not an IDX file"):
        idx.load_idx(tmp_path / "a")


def test_header_cut_short_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\0\x08\x03\0\0")
    with pytest.raises(InputError, match="ends inside its header of 16 bytes"):
        idx.load_idx(tmp_path / "a")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("emnist-images-idx4-ubyte", "emnist-labels-idx1-ubyte.gz"),
    ],
)
def test_labels_are_found_by_name(tmp_path: Path, images: str, labels: str) -> None:
    assert idx.find_labels(tmp_path / images) is None
    (tmp_path / labels).touch()
    assert idx.find_labels(tmp_path / images) == tmp_path / labels


def test_images_file_is_never_its_own_label_file(tmp_path: Path) -> None:
    (tmp_path / "pixels").touch()
    assert idx.find_labels(tmp_path / "pixels") is None


def test_labels_are_no_images(tmp_path: Path) -> None:
    idx.write_idx(tmp_path / "labels", np.zeros(4, np.uint8))
    with pytest.raises(InputError, match="give the images file, not the labels"):
        idx.read_frame(tmp_path / "labels", 0)


def test_file_cut_short_between_two_reads_is_an_error_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "a"
    idx.write_idx(path, np.ones((50, 20, 20), np.uint8))
    assert idx.read_frame(path, 49)[0].min() == 1
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="truncated"):
        idx.read_frame(path, 49)

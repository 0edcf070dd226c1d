"""The built-in sample set: real digits, the same bytes every time."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError, StorageError
from core.imaging.idx import load_idx
from core.ingest.samples import materialise_sample


def test_digits_are_scikit_learns_stretched_to_eight_bits(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = load_idx(materialise_sample("digits", tmp_path / "new" / "folder"))
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert np.array_equal(np.unique(images[digits.images == 16]), [255])
    assert np.abs(images / 255 * 16 - digits.images).max() < 0.04
    labels = load_idx(tmp_path / "new" / "folder" / "digits-labels-idx1-ubyte.gz")
    assert np.array_equal(labels, digits.target)


def test_bytes_are_the_same_every_time(tmp_path: Path) -> None:
    first = materialise_sample("digits", tmp_path / "a")
    second = materialise_sample("digits", tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "digits-images-idx3-ubyte.gz",
        "digits-labels-idx1-ubyte.gz",
    ]


def test_files_that_are_there_stay_untouched(tmp_path: Path) -> None:
    path = materialise_sample("digits", tmp_path)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    materialise_sample("digits", tmp_path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_unknown_sample_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is: digits"):
        materialise_sample("../etc", tmp_path)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        materialise_sample("digits", tmp_path / "file")

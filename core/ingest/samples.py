"""Real image sets that come with the packages Vitrine needs: nothing is downloaded."""

import os
import tempfile
from pathlib import Path

import numpy as np

from core.errors import InputError, StorageError
from core.imaging.idx import write_idx

SAMPLES = ("digits",)


def materialise_sample(name: str, folder: Path) -> Path:
    """Write a sample set into `folder`, if it is not there yet, and return its images file.

    "digits": scikit-learn's 1,797 handwritten digits of 8 × 8 pixels (from the UCI optical
    recognition set), 0–16 stretched to 0–255, as a gzipped IDX pair. The bytes are the same on
    every machine.

    Raises
    ------
    InputError
        There is no such sample.
    StorageError
        The folder cannot be written.
    """
    if name not in SAMPLES:
        raise InputError(f"sample:{name} is unknown; there is: {', '.join(SAMPLES)}")
    images = folder / f"{name}-images-idx3-ubyte.gz"
    labels = folder / f"{name}-labels-idx1-ubyte.gz"
    if images.is_file() and labels.is_file():
        return images
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(labels, digits.target.astype(np.uint8))
        _write_whole(images, pixels)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return images


def _write_whole(path: Path, array: np.ndarray) -> None:
    """Write an IDX file beside its place and move it there: it is never seen half written."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        part = Path(folder) / path.name
        write_idx(part, array)
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(path)

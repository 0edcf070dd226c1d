"""Shared by all tests: small picture folders, and one finished sample set for the whole session."""

import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from making import Finished, picture, run_json, shared
from PIL import Image

# Three processes of tests on two processors, of which browsers and servers leave some: more threads
# in each only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def made_digits(tmp_path_factory) -> Finished:
    """The sample set, run once by the command line a person would type; nobody writes into it."""
    root = shared(tmp_path_factory) / "digits"
    told = root.with_suffix(".json")
    with FileLock(root.with_suffix(".lock")):
        if not told.exists():
            summary = run_json("run", "sample:digits", "--name", "digits", workspace=root)
            told.write_text(json.dumps(summary))
    return Finished(root, json.loads(told.read_text()))


@pytest.fixture(scope="module")
def digits(made_digits, tmp_path_factory) -> Finished:
    """A copy of it for each file of tests, so that none depends on what another left there."""
    root = tmp_path_factory.mktemp("digits") / "workspace"
    shutil.copytree(made_digits.root, root)
    return Finished(root, made_digits.summary)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve readable pictures of two labels, and one of each kind of trouble."""
    root = tmp_path / "pictures"
    for label in ("moth", "wasp"):
        (root / label).mkdir(parents=True)
        for number in range(6):
            picture(number + 100 * (label == "wasp")).save(root / label / f"{number}.png")
    picture(1, (400, 300)).save(root / "moth" / "cut.jpg")
    data = (root / "moth" / "cut.jpg").read_bytes()
    (root / "moth" / "cut.jpg").write_bytes(data[: len(data) // 2])
    (root / "empty.jpg").write_bytes(b"")
    (root / "words.png").write_text("not a picture")
    (root / "readme.txt").write_text("about these pictures")
    Image.new("L", (8, 8), 0).save(root / "black.png")
    return root


@pytest.fixture(scope="session")
def made_butterflies(tmp_path_factory):
    """A set whose forms were compared once (`morphology_example`); nobody writes into it."""
    from morphology_example import compared

    return compared(tmp_path_factory.mktemp("butterflies"))


@pytest.fixture(scope="session")
def made_drift(tmp_path_factory):
    """Two sets that were compared once (`drift_example`); nobody writes into it."""
    from drift_example import drifted

    return drifted(tmp_path_factory.mktemp("drift"))

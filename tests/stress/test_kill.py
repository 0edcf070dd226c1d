"""Embedding processes killed at random moments, and two at once: nothing is lost or done twice.

Run as a script, this file is the process that gets killed: it embeds the images of a folder with
an encoder that takes its time, and logs each picture it encodes and each batch it has stored.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.embed import embed
from core.imaging.decode import ItemFile
from core.model import EncoderSpec
from core.storage.vectors import VectorCache

BATCH, WORKERS, COUNT = 4, 2, 120
SPEC = EncoderSpec("slow", "", "hand-made", 512)


class SlowEncoder:
    """A vector that a picture's colour determines, ten milliseconds late."""

    spec, at_least, concurrent = SPEC, None, True

    def __init__(self, log: Path):
        self._log = log

    def prepare(self, picture):
        return np.asarray(picture.image)[0, 0].astype(np.float32)

    def encode(self, inputs):
        time.sleep(0.01 * len(inputs))
        with self._log.open("a") as file:
            file.write("".join(f"encoded {int(r)}\n" for r in inputs[:, 0]))
        return vectors_of(inputs[:, 0])


def vectors_of(reds: np.ndarray) -> np.ndarray:
    return np.asarray(reds, np.float32)[:, None] + np.linspace(1, 2, SPEC.dims, dtype=np.float32)


def work(images: Path, folder: Path, log: Path) -> None:
    items = [ItemFile(path.stem, path) for path in sorted(images.iterdir())]
    cache = VectorCache(folder, SPEC)
    with cache.writer():
        missing = set(cache.missing([item.item_id for item in items]))
        todo = [item for item in items if item.item_id in missing]
        for batch in embed(todo, SlowEncoder(log), workers=WORKERS, batch_size=BATCH):
            cache.append(batch.item_ids, batch.vectors)
            with log.open("a") as file:
                file.write(f"stored {len(batch.item_ids)}\n")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for i in range(COUNT):
        Image.new("RGB", (8, 8), (i, 1, 1)).save(folder / f"{i:03d}.png")
    return folder


def start(images: Path, folder: Path, log: Path) -> subprocess.Popen:
    command = [sys.executable, __file__, str(images), str(folder), str(log)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def names() -> list[str]:
    return [f"{i:03d}" for i in range(COUNT)]


def test_a_run_killed_anywhere_resumes_where_it_was(tmp_path, images):
    folder, log, rng = tmp_path / "cache", tmp_path / "log", random.Random(0)
    finished = kills = 0
    while not finished:
        known = set(names()) - set(VectorCache(folder, SPEC).missing(names()))
        stored_before = sum(int(x.split()[1]) for x in lines(log) if x.startswith("stored"))
        process, mark = start(images, folder, log), len(lines(log))
        goal = mark + rng.randint(1, 40)
        while kills < 5 and process.poll() is None and len(lines(log)) < goal:
            time.sleep(rng.random() * 0.01)
        if kills < 5 and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        finished = process.wait(120) == 0

        cache = VectorCache(folder, SPEC)
        assert cache.verify() == []
        kept = [name for name in names() if name not in set(cache.missing(names()))]
        assert np.array_equal(cache.load(kept), vectors_of(np.array([int(n) for n in kept])))
        stored = sum(int(x.split()[1]) for x in lines(log) if x.startswith("stored"))
        # All that was reported stored is there; one batch a kill may be stored, not yet reported.
        assert stored <= len(kept) <= stored + BATCH * kills
        assert len(kept) - len(known) >= stored - stored_before
        again = {int(x.split()[1]) for x in lines(log)[mark:] if x.startswith("encoded")}
        assert not again & {int(name) for name in known}, "an item that was stored was encoded"
    assert kills >= 3  # a quick machine may end before the last ones
    assert len(cache) == COUNT
    # Each kill costs the batches in hand: one being stored, and those in the threads' hands.
    encoded = Counter(x for x in lines(log) if x.startswith("encoded"))
    assert sum(encoded.values()) - COUNT <= kills * BATCH * (WORKERS + 2)
    assert set(encoded) == {f"encoded {i}" for i in range(COUNT)}


def test_two_processes_at_once_encode_each_item_once(tmp_path, images):
    folder, log = tmp_path / "cache", tmp_path / "log"
    processes = [start(images, folder, log) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    encoded = Counter(x for x in lines(log) if x.startswith("encoded"))
    assert encoded == {f"encoded {i}": 1 for i in range(COUNT)}
    cache = VectorCache(folder, SPEC)
    assert cache.verify() == []
    assert np.array_equal(cache.load(names()), vectors_of(np.arange(COUNT)))


def test_a_waiting_process_takes_over_from_a_killed_one(tmp_path, images):
    folder, log = tmp_path / "cache", tmp_path / "log"
    first = start(images, folder, log)
    while len(lines(log)) < 8:
        assert first.poll() is None
        time.sleep(0.005)
    second = start(images, folder, log)
    time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    assert second.wait(120) == 0
    cache = VectorCache(folder, SPEC)
    assert len(cache) == COUNT
    assert cache.verify() == []
    assert np.array_equal(cache.load(names()), vectors_of(np.arange(COUNT)))


if __name__ == "__main__":
    work(*(Path(argument) for argument in sys.argv[1:]))

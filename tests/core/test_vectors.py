import errno
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import (
    ArtifactCorruptError,
    InputError,
    JobCancelled,
    NotFoundError,
    StorageError,
)
from core.model import EncoderSpec
from core.progress import Progress, Step
from core.storage import shards
from core.storage.vectors import VectorCache, read_spec

DIMS = 5
SPEC = EncoderSpec("fake", "w1", "hand-made", DIMS, input_size=(8, 8), mean=(0.5,), std=(1.0,))


def vectors_of(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIMS)).astype(np.float32)


def names(count: int, start: int = 0) -> list[str]:
    return [f"{i:064x}" for i in range(start, start + count)]


def filled(folder: Path, count: int = 10) -> tuple[VectorCache, list[str], np.ndarray]:
    cache, ids, vectors = VectorCache(folder, SPEC), names(count), vectors_of(count)
    with cache.writer():
        cache.append(ids, vectors)
    return cache, ids, vectors


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)  # the least shard, 256 rows


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_cache_nobody_wrote_to_is_empty_and_makes_no_files(tmp_path):
    cache = VectorCache(tmp_path / "none", SPEC)
    assert len(cache) == 0
    assert cache.missing(["b", "a", "b"]) == ["b", "a"]
    assert cache.quarantined(["a"]) == {}
    assert cache.load([]).shape == (0, DIMS)
    assert cache.verify() == []
    assert not (tmp_path / "none").exists()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 599), max_size=700), st.integers(60, 300))
def test_vectors_come_back_bit_for_bit_in_any_order(tmp_path_factory, wanted, size):
    folder = tmp_path_factory.mktemp("cache")
    ids, vectors = names(600), vectors_of(600)
    before, shards.SHARD_BYTES = shards.SHARD_BYTES, 1
    try:
        cache = VectorCache(folder, SPEC)
        with cache.writer():
            for start in range(0, 600, size):
                cache.append(ids[start : start + size], vectors[start : start + size])
        again = VectorCache(folder, SPEC)
        assert np.array_equal(again.load([ids[i] for i in wanted]), vectors[wanted])
        assert np.array_equal(again.load(ids), vectors)
        assert again.verify() == []
    finally:
        shards.SHARD_BYTES = before


def test_many_ids_are_found_by_a_scan_as_by_asking_for_each(tmp_path):
    cache, ids, vectors = filled(tmp_path, 3000)
    with cache.writer():
        cache.quarantine({"zero": "its vector is zero"})
    assert np.array_equal(cache.load(ids[::-1]), vectors[::-1])
    assert cache.missing(["new", *ids, "zero"]) == ["new"]
    assert cache.quarantined([*ids, "zero"]) == {"zero": "its vector is zero"}
    with pytest.raises(NotFoundError, match="1 of 3001 items"):
        cache.load([*ids, "new"])


def test_shards_are_plain_npy_files(tmp_path, small_shards):
    _, _, vectors = filled(tmp_path, 300)
    parts = [np.load(tmp_path / f"shard-0000{i}.npy", mmap_mode="r") for i in (0, 1)]
    assert [part.shape for part in parts] == [(256, DIMS)] * 2
    assert np.array_equal(np.concatenate(parts)[:300], vectors)


def test_a_shard_takes_no_more_than_twice_what_it_holds_and_grows(tmp_path):
    cache, ids, vectors = filled(tmp_path)
    path = tmp_path / "shard-00000.npy"
    assert path.stat().st_size == 128 + 256 * DIMS * 4
    more, new = names(700, 100), vectors_of(700, 3)
    with cache.writer():
        cache.append(more[:300], new[:300])
        assert np.load(path, mmap_mode="r").shape == (512, DIMS)
        before = cache.load(ids)
        cache.append(more[300:], new[300:])
    assert np.load(path, mmap_mode="r").shape == (1024, DIMS)
    assert path.stat().st_size == 128 + 1024 * DIMS * 4
    assert np.array_equal(before, vectors)
    assert np.array_equal(VectorCache(tmp_path, SPEC).load([*ids, *more]), np.r_[vectors, new])
    assert cache.verify() == []


def test_a_shard_as_long_as_it_may_get_is_read_and_filled(tmp_path):
    cache, ids, vectors = filled(tmp_path)
    path, full = tmp_path / "shard-00000.npy", cache._shards.rows
    with path.open("r+b") as file:  # as earlier versions made them
        cache._shards._write_header(file, full)
        file.truncate(128 + full * DIMS * 4)
    with cache.writer():
        cache.append(["next"], vectors_of(1, 5))
    assert np.array_equal(cache.load([*ids, "next"]), np.r_[vectors, vectors_of(1, 5)])
    assert np.load(path, mmap_mode="r").shape == (full, DIMS)


def test_a_header_of_fewer_rows_than_are_stored_is_named(tmp_path):
    cache, ids, _ = filled(tmp_path)
    with (tmp_path / "shard-00000.npy").open("r+b") as file:
        cache._shards._write_header(file, 3)
    with pytest.raises(ArtifactCorruptError, match="says only 3 rows"):
        cache.load(ids)


def test_missing_leaves_out_what_is_stored_or_quarantined(tmp_path):
    cache, ids, _ = filled(tmp_path)
    with cache.writer():
        cache.quarantine({"bad": "its vector is not finite"})
    assert cache.missing(["x", *ids, "bad", "a", "x"]) == ["x", "a"]
    assert cache.quarantined(["a", "bad", ids[0]]) == {"bad": "its vector is not finite"}
    assert len(cache) == len(ids)


def test_an_absent_item_is_not_found(tmp_path):
    cache, ids, _ = filled(tmp_path)
    with pytest.raises(NotFoundError, match="1 of 2 items have no vector"):
        cache.load([ids[0], "gone"])


def test_a_flipped_byte_is_found_and_named(tmp_path, small_shards):
    cache, ids, vectors = filled(tmp_path, 300)
    path = tmp_path / "shard-00001.npy"
    flip(path, path.stat().st_size - (256 - 7) * DIMS * 4 + 2)
    with pytest.raises(ArtifactCorruptError) as caught:
        cache.load(ids)
    for word in ("shard-00001.npy", "row 7", ids[263], "delete"):
        assert word in str(caught.value)
    assert len(cache.verify()) == 1
    assert ids[263] in cache.verify()[0]
    others = [i for i in range(300) if i != 263]
    assert np.array_equal(cache.load([ids[i] for i in others]), vectors[others])


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (lambda p: os.truncate(p, 128 + 3 * DIMS * 4), "cut off"),
        (lambda p: os.truncate(p, 5), "unreadable header"),
        (Path.unlink, "missing"),
        (lambda p: p.write_bytes(b"\0" * 5000), "unreadable header"),
        (lambda p: np.save(p, np.zeros((256, DIMS))), "its header says"),
    ],
)
def test_a_harmed_shard_is_named(tmp_path, harm, word):
    cache, ids, _ = filled(tmp_path)
    harm(tmp_path / "shard-00000.npy")
    with pytest.raises(ArtifactCorruptError, match=rf"shard-00000.npy.*{word}"):
        cache.load(ids)
    assert len(cache.verify()) == 1
    assert word in cache.verify()[0]


def test_a_damaged_index_is_named(tmp_path):
    cache, ids, _ = filled(tmp_path)
    (tmp_path / "index.sqlite").write_bytes(b"not a database at all" * 300)
    with pytest.raises(ArtifactCorruptError, match=r"index\.sqlite is damaged"):
        cache.load(ids)
    assert "index.sqlite" in cache.verify()[0]


def test_another_encoders_folder_is_refused(tmp_path):
    filled(tmp_path)
    other = EncoderSpec("fake", "w2", "hand-made", DIMS)
    with pytest.raises(ArtifactCorruptError, match="another encoder"):
        VectorCache(tmp_path, other)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99}', "\xff"])
def test_a_damaged_encoder_record_is_named(tmp_path, text):
    cache, _, _ = filled(tmp_path)
    (tmp_path / "encoder.json").write_text(text, encoding="latin-1")
    with pytest.raises(ArtifactCorruptError, match=r"encoder\.json"):
        VectorCache(tmp_path, SPEC)
    assert "encoder.json" in cache.verify()[0]


def test_an_index_without_encoder_record_is_refused(tmp_path):
    cache, _, _ = filled(tmp_path)
    (tmp_path / "encoder.json").unlink()
    assert "missing" in cache.verify()[0]
    with pytest.raises(ArtifactCorruptError, match="missing beside"), cache.writer():
        pass


def test_the_encoder_is_read_back_with_the_same_key(tmp_path):
    filled(tmp_path)
    assert read_spec(tmp_path) == SPEC
    assert read_spec(tmp_path).key == SPEC.key
    with pytest.raises(NotFoundError):
        read_spec(tmp_path / "none")
    record = json.loads((tmp_path / "encoder.json").read_text())
    (tmp_path / "encoder.json").write_text(json.dumps({**record, "spec": {"name": "x"}}))
    with pytest.raises(ArtifactCorruptError, match=r"encoder\.json"):
        read_spec(tmp_path)


def test_writing_needs_the_lock(tmp_path):
    cache = VectorCache(tmp_path, SPEC)
    with pytest.raises(RuntimeError):
        cache.append(["a"], vectors_of(1))
    with pytest.raises(RuntimeError):
        cache.quarantine({"a": "zero"})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_are_refused(tmp_path, bad):
    cache, vectors = VectorCache(tmp_path, SPEC), vectors_of(3)
    vectors[1, 2] = bad
    with cache.writer(), pytest.raises(InputError, match="item b is not finite"):
        cache.append(["a", "b", "c"], vectors)
    assert len(cache) == 0


def test_a_shape_that_does_not_fit_is_refused(tmp_path):
    cache = VectorCache(tmp_path, SPEC)
    with cache.writer():
        for vectors in (vectors_of(2), vectors_of(3)[:, :4], vectors_of(3).ravel()):
            with pytest.raises(InputError, match="shape"):
                cache.append(["a", "b", "c"], vectors)
        cache.append([], np.empty((0, DIMS)))
    assert len(cache) == 0


def test_an_id_given_twice_stores_nothing_of_its_batch(tmp_path):
    cache, ids, vectors = filled(tmp_path)
    with cache.writer():
        with pytest.raises(InputError, match="stored already"):
            cache.append(["new", ids[3]], vectors_of(2, 1))
        cache.append(["new"], vectors_of(1, 2))
    assert len(cache) == 11
    assert np.array_equal(cache.load(["new"]), vectors_of(1, 2))
    assert np.array_equal(cache.load(ids), vectors)


def test_rows_whose_ids_were_never_committed_are_written_over(tmp_path, monkeypatch):
    cache, ids, vectors = filled(tmp_path)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, cache.writer():
        patch.setattr(cache._index, "insert", die)
        with pytest.raises(KeyboardInterrupt):
            cache.append(["lost"], vectors_of(1, 9))
    again = VectorCache(tmp_path, SPEC)
    assert again.missing([*ids, "lost"]) == ["lost"]
    with again.writer():
        again.append(["next"], vectors_of(1, 5))
    rows = np.load(tmp_path / "shard-00000.npy", mmap_mode="r")
    assert np.array_equal(rows[:10], vectors)
    assert np.array_equal(rows[10:11], vectors_of(1, 5))
    assert again.verify() == []


def full_disk(after: int):
    left = [after]

    def write(handle: int, data: memoryview) -> int:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = os.write(handle, data[: left[0]])
        left[0] -= count
        return count

    return write


@pytest.mark.parametrize("after", [0, 1, 30, 99])
def test_a_full_disk_while_writing_rows_leaves_the_cache_usable(tmp_path, monkeypatch, after):
    cache, ids, vectors = filled(tmp_path)
    new = vectors_of(5, 3)
    with cache.writer():
        with monkeypatch.context() as patch:
            patch.setattr(shards, "_write", full_disk(after))
            with pytest.raises(StorageError, match="disk is full"):
                cache.append(list("abcde"), new)
        assert cache.missing(list("abcde")) == list("abcde")
        assert np.array_equal(cache.load(ids), vectors)
        cache.append(list("abcde"), new)
    assert np.array_equal(cache.load(list("abcde")), new)
    assert cache.verify() == []


def test_a_full_disk_while_committing_ids_leaves_the_cache_usable(tmp_path):
    cache, ids, vectors = filled(tmp_path)
    more = names(5000, 100)
    with cache.writer():
        connection = cache._index._writing
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(StorageError, match="disk is full"):
            cache.append(more, vectors_of(5000, 3))
        with pytest.raises(StorageError, match="disk is full"):
            cache.quarantine(dict.fromkeys(more, "its vector is zero"))
        assert len(cache) == 10
        connection.execute("PRAGMA max_page_count=1000000")
        cache.append(more, vectors_of(5000, 3))
    assert np.array_equal(cache.load([*ids, *more]), np.concatenate([vectors, vectors_of(5000, 3)]))
    assert cache.verify() == []


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX")
def test_a_file_the_system_refuses_to_let_grow_is_a_storage_error(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    cache = VectorCache(tmp_path, SPEC)
    with cache.writer():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
        try:
            with pytest.raises(StorageError, match="storing vectors"):
                cache.append(["a"], vectors_of(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(tmp_path.glob("*shard*"))
        cache.append(["a"], vectors_of(1))
    assert np.array_equal(cache.load(["a"]), vectors_of(1))


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX")
def test_a_shard_the_system_refuses_to_let_grow_keeps_what_it_holds(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    cache, ids, vectors = filled(tmp_path)
    more, new = names(600, 100), vectors_of(600, 3)
    with cache.writer():
        size = (tmp_path / "shard-00000.npy").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with pytest.raises(StorageError, match="storing vectors"):
                cache.append(more, new)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert np.array_equal(cache.load(ids), vectors)
        assert cache.verify() == []
        cache.append(more, new)
    assert np.array_equal(cache.load([*ids, *more]), np.r_[vectors, new])


def test_a_second_writer_waits_and_says_so(tmp_path):
    first, second = VectorCache(tmp_path, SPEC), VectorCache(tmp_path, SPEC)
    steps: list[Step] = []
    noted, order = threading.Event(), []

    def listen(step: Step) -> None:
        steps.append(step)
        noted.set()

    def wait() -> None:
        with second.writer(Progress(listen)):
            order.append("second")

    with first.writer():
        thread = threading.Thread(target=wait)
        thread.start()
        assert noted.wait(20)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]
    assert "waiting for another process" in steps[0].note


def test_waiting_for_another_writer_can_be_cancelled(tmp_path):
    first, second = VectorCache(tmp_path, SPEC), VectorCache(tmp_path, SPEC)
    with (
        first.writer(),
        pytest.raises(JobCancelled),
        second.writer(Progress(cancelled=lambda: True)),
    ):
        pytest.fail("entered while another was writing")


def test_readers_see_committed_batches_while_another_writes(tmp_path):
    writer, reader = VectorCache(tmp_path, SPEC), VectorCache(tmp_path, SPEC)
    with writer.writer():
        writer.append(["a"], vectors_of(1))
        assert len(reader) == 1
        assert np.array_equal(reader.load(["a"]), vectors_of(1))
        writer.append(["b"], vectors_of(1, 1))
        assert reader.missing(["a", "b", "c"]) == ["c"]

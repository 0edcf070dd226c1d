import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.embed import embed, read_pictures
from core.encoders import open_encoder
from core.errors import InputError, JobCancelled
from core.imaging.decode import ItemFile
from core.model import EncoderSpec
from core.progress import Progress


class FakeEncoder:
    """Mean colour of a picture; counts what it is asked."""

    def __init__(self, concurrent: bool = True, at_least: int | None = 64):
        self.spec = EncoderSpec("fake", "", "hand-made", 3)
        self.at_least, self.concurrent = at_least, concurrent
        self.prepared, self.batches = 0, []
        self._lock = threading.Lock()

    def prepare(self, picture):
        with self._lock:
            self.prepared += 1
        return np.asarray(picture.image, dtype=np.float64).mean(axis=(0, 1))

    def encode(self, inputs):
        with self._lock:
            self.batches.append(len(inputs))
        return inputs / 255


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Forty pictures of different colours and sizes."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for i in range(40):
        pixels = rng.integers(1, 255, (20 + i, 70 - i, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:02d}.{'png' if i % 2 else 'jpg'}")
    return folder


def items_of(folder: Path) -> list[ItemFile]:
    return [ItemFile(path.name, path, root=folder) for path in sorted(folder.iterdir())]


def joined(batches) -> tuple[list[str], np.ndarray]:
    batches = list(batches)
    return [i for b in batches for i in b.item_ids], np.concatenate([b.vectors for b in batches])


def no_thumbnails(_: str) -> bool:
    return False


def forward_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("vitrine-embed")]


@pytest.mark.parametrize("concurrent", [True, False])
@pytest.mark.parametrize(("workers", "size"), [(1, 1), (1, 100), (2, 7), (5, 3), (3, 0)])
def test_vectors_and_order_do_not_depend_on_workers_or_batch_size(
    folder, concurrent, workers, size
):
    items = items_of(folder)
    encoder = FakeEncoder(concurrent)
    ids, vectors = joined(embed(items, encoder, workers=workers, batch_size=size))
    plain = FakeEncoder()
    expected = [joined(embed([item], plain, workers=1))[1][0] for item in items]
    assert ids == [item.item_id for item in items]
    assert np.array_equal(vectors, np.stack(expected))
    assert vectors.dtype == np.float32
    assert encoder.prepared == len(items)


def test_an_accelerator_gets_full_batches_from_one_thread(folder):
    encoder = FakeEncoder(concurrent=False)
    list(embed(items_of(folder), encoder, workers=2, batch_size=16))
    assert encoder.batches == [16, 16, 8]


def test_facts_say_what_each_picture_is(folder):
    facts = {k: v for b in embed(items_of(folder), FakeEncoder()) for k, v in b.facts.items()}
    assert len(facts) == 40
    assert facts["03.png"] == {
        "width": 67,
        "height": 23,
        "mode": "RGB",
        "format": "PNG",
        "notes": [],
    }


def test_thumbnails_are_made_where_they_are_wanted(folder):
    wanted = {"03.png", "10.jpg"}
    batches = embed(items_of(folder), FakeEncoder(), want_thumbnail=wanted.__contains__)
    found = {k: v for b in batches for k, v in b.thumbnails.items()}
    assert set(found) == wanted
    assert all(isinstance(data, bytes) for data in found.values())


def test_vectors_do_not_depend_on_thumbnails(tmp_path):
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (900, 1200, 3), dtype=np.uint8)).save(tmp_path / "a.jpg")
    items = items_of(tmp_path)
    plain = joined(embed(items, FakeEncoder(), want_thumbnail=no_thumbnails))[1]
    for side in (32, 256, 800):
        batches = list(embed(items, FakeEncoder(), thumbnail_side=side))
        assert np.array_equal(joined(batches)[1], plain)
        (data,) = (v for b in batches for v in b.thumbnails.values())
        path = tmp_path / "thumbnail"
        path.write_bytes(data)
        with Image.open(path) as thumbnail:
            assert max(thumbnail.size) == side
        path.unlink()


def test_a_broken_picture_is_a_fact_and_stops_nothing(tmp_path, folder):
    for path in list(folder.iterdir())[:5]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("not a picture")
    items = [*items_of(tmp_path), ItemFile("gone", tmp_path / "gone.png")]
    batches = list(embed(items, FakeEncoder(), batch_size=3))
    facts = {k: v for b in batches for k, v in b.facts.items()}
    assert len(facts) == 8
    broken = {k: v for k, v in facts.items() if "broken" in v}
    assert set(broken) == {"empty.png", "text.png", "gone"}
    assert all(v["broken"] for v in broken.values())
    assert [k for k, v in broken.items() if v.get("transient")] == ["gone"]
    assert len(joined(batches)[0]) == 5


@pytest.mark.parametrize("concurrent", [True, False])
def test_a_batch_of_nothing_but_broken_pictures_has_no_vectors(tmp_path, concurrent):
    for i in range(5):
        (tmp_path / f"{i}.png").write_bytes(b"nothing")
    batches = list(embed(items_of(tmp_path), FakeEncoder(concurrent), batch_size=2))
    assert all(b.vectors.shape == (0, 3) and not b.item_ids for b in batches)
    assert sum(len(b.facts) for b in batches) == 5


@pytest.mark.parametrize(
    ("error", "reason", "transient"),
    [
        (ValueError("odd size"), "ValueError: odd size", False),
        (ZeroDivisionError(), "ZeroDivisionError", False),
        (MemoryError(), "not enough memory to decode it", True),
    ],
)
def test_a_picture_that_cannot_be_prepared_is_broken(folder, error, reason, transient):
    class Failing(FakeEncoder):
        def prepare(self, picture):
            if picture.height == 23:
                raise error
            return super().prepare(picture)

    batches = list(embed(items_of(folder), Failing()))
    facts = {k: v for b in batches for k, v in b.facts.items()}
    assert facts["03.png"]["broken"] == reason
    assert facts["03.png"].get("transient", False) is transient
    assert len(joined(batches)[0]) == 39


def test_vectors_without_direction_are_quarantined(folder):
    class Odd(FakeEncoder):
        def encode(self, inputs):
            vectors = super().encode(inputs).astype(np.float32)
            vectors[1], vectors[2, 0], vectors[3, 1] = 0, np.nan, np.inf
            return vectors

    (batch, *_) = embed(items_of(folder), Odd(), batch_size=10)
    assert batch.quarantined == {
        "01.png": "its vector is zero",
        "02.jpg": "its vector is not finite",
        "03.png": "its vector is not finite",
    }
    assert batch.item_ids == ["00.jpg", *(p.name for p in sorted(folder.iterdir())[4:10])]
    assert batch.vectors.shape == (7, 3)
    assert np.isfinite(batch.vectors).all()
    assert len(batch.facts) == 10


def test_a_black_picture_has_no_pixels_vector(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "black.png")
    Image.new("RGB", (9, 9), (0, 9, 0)).save(tmp_path / "dark.png")
    (batch,) = embed(items_of(tmp_path), open_encoder("pixels"), batch_size=2)
    assert batch.quarantined == {"black.png": "its vector is zero"}
    assert batch.item_ids == ["dark.png"]


@pytest.mark.parametrize("concurrent", [True, False])
def test_an_error_of_the_encoder_ends_the_run(folder, concurrent):
    class Failing(FakeEncoder):
        def encode(self, inputs):
            if len(self.batches) == 2:
                raise ArithmeticError("the network fell over")
            return super().encode(inputs)

    with pytest.raises(ArithmeticError, match="fell over"):
        list(embed(items_of(folder), Failing(concurrent), batch_size=4))
    assert not forward_threads()


def test_a_vector_of_the_wrong_length_is_a_bug(folder):
    class Wrong(FakeEncoder):
        def encode(self, inputs):
            return np.ones((len(inputs), 4))

    with pytest.raises(RuntimeError, match="3 dimensions were declared"):
        list(embed(items_of(folder), Wrong()))


@pytest.mark.parametrize("concurrent", [True, False])
def test_only_a_few_batches_are_in_hand_whatever_the_number_of_items(folder, concurrent):
    path, encoder = next(iter(sorted(folder.iterdir()))), FakeEncoder(concurrent)
    items = [ItemFile(str(i), path) for i in range(600)]
    batches = embed(items, encoder, workers=2, batch_size=8, want_thumbnail=no_thumbnails)
    next(batches)
    last = -1
    while encoder.prepared != last:  # let the threads do all that they may
        last = encoder.prepared
        time.sleep(0.3)
    assert last <= 8 * 12
    batches.close()
    assert not forward_threads()


def test_progress_counts_items_after_their_batch_was_taken(folder):
    steps = []
    progress = Progress(steps.append, interval=0)
    for batch in embed(items_of(folder), FakeEncoder(), batch_size=10, progress=progress):
        assert steps[-1].done == sum(s.done < steps[-1].done for s in steps) * 10
        assert len(batch.facts) == 10
    assert [(s.stage, s.done, s.total) for s in steps] == [
        ("embed", n, 40) for n in (0, 10, 20, 30, 40)
    ]


def test_a_cancelled_run_stops_and_leaves_no_thread(folder):
    seen = []
    progress = Progress(cancelled=lambda: len(seen) >= 2, interval=0)
    batches = embed(items_of(folder), FakeEncoder(), batch_size=4, progress=progress)
    with pytest.raises(JobCancelled):
        seen.extend(batches)
    assert len(seen) == 2
    assert not forward_threads()


def test_no_items_make_no_batches():
    assert list(embed([], FakeEncoder())) == []
    assert list(read_pictures([])) == []


def test_no_workers_are_refused(folder):
    with pytest.raises(InputError, match="workers"):
        list(embed(items_of(folder), FakeEncoder(), workers=0))


def test_pictures_can_be_read_without_an_encoder(folder):
    steps = []
    batches = list(
        read_pictures(
            items_of(folder),
            want_thumbnail=lambda item: item == "03.png",
            progress=Progress(steps.append),
        )
    )
    facts = {k: v for b in batches for k, v in b.facts.items()}
    assert list(facts) == [p.name for p in sorted(folder.iterdir())]
    assert facts["03.png"]["width"] == 67
    assert [k for b in batches for k in b.thumbnails] == ["03.png"]
    assert all(b.vectors.shape == (0, 0) and b.item_ids == [] for b in batches)
    assert {s.stage for s in steps} == {"read"}

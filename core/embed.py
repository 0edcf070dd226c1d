"""Pictures to vectors: decode once, make the thumbnail, encode; pure, nothing is stored here.

Work is cut into pieces of consecutive items and yielded in that order, whatever the number of
threads, and only a few pieces are in hand at a time, so that memory does not grow with the set.

An encoder that may run concurrently (on the processor) gets whole pieces: every thread decodes,
prepares and encodes its own, with one torch thread each. A pool of torch threads would spin for
work between its kernels and so take from the decoding just what it was meant to give. An encoder
that may not (on an accelerator) gets batches from one forward thread, which the decoding threads
keep supplied.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from core.encoders.base import Encoder
from core.errors import DecodeError, InputError
from core.imaging.decode import ItemFile, Limits, Picture, encode_thumbnail, load_picture
from core.progress import Progress

#: Items in a piece on the processor: few enough that a killed run loses seconds, many enough that
#: storing a piece costs nothing beside computing it.
CPU_BATCH = 32

#: Items in a forward pass on an accelerator, halved by the encoder where they do not fit.
GPU_BATCH = 128

#: Items that one decoding thread takes at a time when it only decodes.
_GRAIN = 8


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """What became of some consecutive items.

    Attributes
    ----------
    item_ids
        The items that have a vector, in the order they were given.
    vectors
        float32 `(len(item_ids), dims)`, finite and non-zero, aligned to `item_ids`.
    quarantined
        Items that were decoded but have no usable vector, with the reason.
    facts
        For every item of the batch what the picture is, or `{"broken": reason}`; `"transient":
        True` beside it where the file may well be readable another time.
    thumbnails
        JPEG or PNG bytes of the items whose thumbnail was wanted.
    """

    item_ids: list[str]
    vectors: np.ndarray
    quarantined: dict[str, str]
    facts: dict[str, dict[str, Any]]
    thumbnails: dict[str, bytes]


@dataclass(slots=True)
class _Piece:
    """Some decoded items on their way to the encoder."""

    item_ids: list[str] = field(default_factory=list)
    inputs: list[np.ndarray] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    thumbnails: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Decodes items: facts, thumbnail and, with an encoder, its input."""

    encoder: Encoder | None
    limits: Limits
    thumbnail_side: int
    want_thumbnail: Callable[[str], bool]

    def __call__(self, items: Sequence[ItemFile]) -> _Piece:
        piece = _Piece()
        for item in items:
            thumbnail = self.want_thumbnail(item.item_id)  # its failing is not the picture's fault
            try:
                self._read(item, piece, thumbnail)
            except MemoryError:
                piece.facts[item.item_id] = _broken("not enough memory to decode it", True)
            except Exception as error:
                # One picture must not stop a run: whatever a decoder says becomes its reason.
                piece.facts[item.item_id] = _broken(_reason(error), _transient(error))
        return piece

    def _read(self, item: ItemFile, piece: _Piece, thumbnail: bool) -> None:
        at_least = self.thumbnail_side if self.encoder is None else self.encoder.at_least
        picture = self._load(item, at_least)
        prepared = None if self.encoder is None else self._prepare(item, picture, at_least)
        if thumbnail:
            shown = picture
            if at_least is not None and at_least < self.thumbnail_side:
                # The vector must not depend on thumbnails, so a larger one is decoded by itself.
                shown = self._load(item, self.thumbnail_side)
            piece.thumbnails[item.item_id] = encode_thumbnail(shown.image, self.thumbnail_side)
        piece.facts[item.item_id] = {
            "width": picture.width,
            "height": picture.height,
            "mode": picture.mode,
            "format": picture.format,
            "notes": list(picture.notes),
        }
        if prepared is not None:
            piece.item_ids.append(item.item_id)
            piece.inputs.append(prepared)

    def _prepare(self, item: ItemFile, picture: Picture, at_least: int | None) -> np.ndarray:
        """Return the encoder's input; each member of one made from others sees its own picture."""
        assert self.encoder is not None
        levels = getattr(self.encoder, "levels", ())
        if len(set(levels)) < 2:
            return self.encoder.prepare(picture)
        seen = {level: picture if level == at_least else self._load(item, level)
                for level in set(levels)}  # fmt: skip
        prepared: np.ndarray = self.encoder.prepare_each(  # type: ignore[attr-defined]
            [seen[level] for level in levels]
        )
        return prepared

    def _load(self, item: ItemFile, at_least: int | None) -> Picture:
        return load_picture(
            item.path, item.region, root=item.root, at_least=at_least, limits=self.limits
        )


def _broken(reason: str, transient: bool) -> dict[str, Any]:
    return {"broken": reason, "transient": True} if transient else {"broken": reason}


def _reason(error: Exception) -> str:
    if isinstance(error, DecodeError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _transient(error: BaseException | None) -> bool:
    """Tell whether the system, not the picture, refused: no such file, no permission, no memory."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno):
            return True
        error = error.__cause__
    return False


def _encode(encoder: Encoder, piece: _Piece) -> EncodedBatch:
    """Encode a piece and set aside the vectors that cannot be used."""
    dims = encoder.spec.dims
    if not piece.item_ids:
        return EncodedBatch([], np.empty((0, dims), np.float32), {}, piece.facts, piece.thumbnails)
    vectors = np.asarray(encoder.encode(np.stack(piece.inputs)), dtype=np.float32)
    if vectors.shape != (len(piece.item_ids), dims):
        raise RuntimeError(
            f"encoder {encoder.spec.name} gave shape {vectors.shape} "
            f"for {len(piece.item_ids)} pictures; {dims} dimensions were declared"
        )
    finite = np.asarray(np.isfinite(vectors).all(axis=1))
    usable = finite & np.asarray((vectors != 0).any(axis=1))
    quarantined = {
        piece.item_ids[row]: "its vector is zero" if finite[row] else "its vector is not finite"
        for row in np.flatnonzero(~usable)
    }
    kept = [item for item, good in zip(piece.item_ids, usable, strict=True) if good]
    return EncodedBatch(kept, vectors[usable], quarantined, piece.facts, piece.thumbnails)


def embed(
    items: Sequence[ItemFile],
    encoder: Encoder,
    *,
    limits: Limits | None = None,
    thumbnail_side: int = 256,
    want_thumbnail: Callable[[str], bool] = lambda _: True,
    workers: int = 2,
    batch_size: int = 0,
    progress: Progress | None = None,
) -> Iterator[EncodedBatch]:
    """Decode and encode items, in order, in batches.

    Parameters
    ----------
    items
        What to encode, each id once.
    encoder
        What to encode with.
    limits
        Largest pictures and files that are decoded.
    thumbnail_side
        Longest side of a thumbnail, in pixels.
    want_thumbnail
        Asked with each item id, from any thread, whether to make its thumbnail.
    workers
        Threads that decode and, on the processor, encode.
    batch_size
        Items in a batch; 0 chooses. Vectors do not depend on it, nor on `workers`, beyond the
        rounding of floating-point sums.
    progress
        Told about stage "embed" after each batch.

    Yields
    ------
    EncodedBatch
        Covering all items, once, in order. A picture that cannot be decoded is a fact, a vector
        that is zero or not finite is quarantined; neither stops the run.

    Raises
    ------
    JobCancelled
        `progress` was cancelled.
    """
    reader = _Reader(encoder, limits or Limits(), thumbnail_side, want_thumbnail)
    if encoder.concurrent:
        size = batch_size or min(CPU_BATCH, max(1, -(-len(items) // max(1, workers))))
        batches = _pieces(items, size, workers, lambda part: _encode(encoder, reader(part)))
    else:
        batches = _feed(items, encoder, reader, workers, batch_size or GPU_BATCH)
    yield from _reported(batches, "embed", len(items), progress or Progress())


def read_pictures(
    items: Sequence[ItemFile],
    *,
    limits: Limits | None = None,
    thumbnail_side: int = 256,
    want_thumbnail: Callable[[str], bool] = lambda _: True,
    workers: int = 2,
    progress: Progress | None = None,
) -> Iterator[EncodedBatch]:
    """Decode items for their facts and thumbnails only, as `embed` does, in stage "read".

    Yields
    ------
    EncodedBatch
        Its `item_ids` is empty and `vectors` has shape `(0, 0)`; `facts` has every item.
    """
    reader = _Reader(None, limits or Limits(), thumbnail_side, want_thumbnail)

    def read(part: Sequence[ItemFile]) -> EncodedBatch:
        piece = reader(part)
        return EncodedBatch([], np.empty((0, 0), np.float32), {}, piece.facts, piece.thumbnails)

    batches = _pieces(items, CPU_BATCH, workers, read)
    yield from _reported(batches, "read", len(items), progress or Progress())


def _reported(
    batches: Iterator[EncodedBatch], stage: str, total: int, progress: Progress
) -> Iterator[EncodedBatch]:
    """Pass batches on, and report each only once its receiver has stored it."""
    done = 0
    progress.report(stage, done, total)
    for batch in batches:
        yield batch
        done += len(batch.facts)
        progress.report(stage, done, total)


def _pieces(
    items: Sequence[ItemFile],
    size: int,
    workers: int,
    work: Callable[[Sequence[ItemFile]], EncodedBatch],
) -> Iterator[EncodedBatch]:
    """Run `work` on pieces of `size` items in threads; yield in order, few at a time."""
    parts = (items[start : start + size] for start in range(0, len(items), size))
    with one_torch_thread(), _pool(workers) as pool:
        yield from _in_order(pool, work, parts, workers + 1)


def _feed(
    items: Sequence[ItemFile], encoder: Encoder, reader: _Reader, workers: int, size: int
) -> Iterator[EncodedBatch]:
    """Decode in threads, encode in one thread, both ahead of the receiver by a batch or two."""
    grains = (items[start : start + _GRAIN] for start in range(0, len(items), _GRAIN))
    with one_torch_thread(), _pool(workers) as decoders, _pool(1) as forward:
        decoded = _in_order(decoders, reader, grains, workers + 2 * -(-size // _GRAIN))
        batches = _gathered(decoded, size)
        yield from _in_order(forward, lambda piece: _encode(encoder, piece), batches, 2)


def _gathered(pieces: Iterator[_Piece], size: int) -> Iterator[_Piece]:
    """Join consecutive pieces until they hold at least `size` items."""
    joined = _Piece()
    for piece in pieces:
        joined.item_ids += piece.item_ids
        joined.inputs += piece.inputs
        joined.facts |= piece.facts
        joined.thumbnails |= piece.thumbnails
        if len(joined.facts) >= size:
            yield joined
            joined = _Piece()
    if joined.facts:
        yield joined


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads; work not begun is dropped when the receiver stops early."""
    if workers < 1:
        raise InputError(f"workers must be at least 1, not {workers}")
    pool = ThreadPoolExecutor(workers, "vitrine-embed", initializer=_single)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Any], Any], parts: Iterator[Any], ahead: int
) -> Iterator[Any]:
    """Yield `work(part)` for all parts in order with at most `ahead` of them in hand."""
    pending: deque[Future[Any]] = deque(pool.submit(work, part) for part in islice(parts, ahead))
    while pending:
        result = pending.popleft().result()
        pending.extend(pool.submit(work, part) for part in islice(parts, 1))
        yield result
        del result


def _single() -> None:
    """Give this thread's torch work one thread; the setting belongs to the thread."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch, if it is loaded, use one thread in each thread of this process meanwhile."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else os.cpu_count()
    _single()
    try:
        yield
    finally:
        if torch is not None:
            torch.set_num_threads(before)

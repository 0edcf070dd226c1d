"""Work on many pictures in threads, piece by piece, in order, with few of them in hand."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def _single() -> None:
    """Give this thread's torch work, if torch is loaded, one thread; the setting is its own."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def in_pieces(
    items: Sequence[Item], size: int, workers: int, work: Callable[[Sequence[Item]], Result]
) -> Iterator[Result]:
    """Yield `work` of consecutive pieces of `size` items, in order.

    Pieces that were not begun are dropped when the receiver stops early or a piece fails.
    """
    workers = max(1, workers)
    parts = (items[start : start + size] for start in range(0, len(items), size))
    pool = ThreadPoolExecutor(workers, "vitrine-check", initializer=_single)
    try:
        pending: deque[Future[Result]] = deque(
            pool.submit(work, part) for part in islice(parts, workers + 1)
        )
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(work, part) for part in islice(parts, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

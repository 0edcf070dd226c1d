"""How many threads linear algebra may use."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

#: Tables of at most so many values are worked on by one thread: two libraries' threads that wait
#: for each other cost up to forty times what they save on a busy computer.
SMALL = 4_000_000


def calm_threads(values: int) -> AbstractContextManager[Any]:
    """Return a context in which linear algebra on small tables keeps to one thread.

    Parameters
    ----------
    values
        Rows × columns of the largest table. Larger ones than `SMALL` change nothing.
    """
    if values > SMALL:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)

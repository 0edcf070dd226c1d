"""Run lengths of masks, as COCO writes them: column by column, first those outside.

The compressed form is a text: each number in groups of five bits, lowest first, with a sixth that
tells whether more follow, as one character from "0" on; from the fourth number on what is written
is the difference from the one two before.
"""

from collections.abc import Iterable, Sequence

import numpy as np

#: Numbers that one text may hold; a mask of more runs is no outline of an object.
MOST_RUNS = 10_000_000


def compress(counts: Sequence[int]) -> str:
    """Return run lengths as COCO's compressed text.

    >>> compress([6, 1, 40, 4, 5, 4, 5, 4, 21])
    '61X13mN000`0'
    """
    text: list[str] = []
    for place, count in enumerate(counts):
        value = int(count) - (int(counts[place - 2]) if place > 2 else 0)
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != (-1 if bits & 0x10 else 0)
            text.append(chr(48 + (bits | 0x20 if more else bits)))
    return "".join(text)


def expand(text: str) -> np.ndarray:
    """Return the run lengths, int64, of a compressed text.

    Raises
    ------
    ValueError
        It holds other characters, ends within a number, or has a run of negative length.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 40:
            raise ValueError(f"compressed run lengths cannot hold {character!r}")
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << shift
        value += counts[-2] if len(counts) > 2 else 0
        if value < 0:
            raise ValueError("a run of negative length")
        counts.append(value)
        value = shift = 0
        if len(counts) > MOST_RUNS:
            raise ValueError(f"more than {MOST_RUNS:,} runs")
    if shift:
        raise ValueError("compressed run lengths end within a number")
    return np.array(counts, np.int64)


def runs_of(mask: np.ndarray) -> np.ndarray:
    """Return the run lengths, int64, of a mask `(height, width)`: first outside, then in turn."""
    flat = np.asarray(mask, bool).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    counts = np.diff(edges)
    return np.concatenate([[0], counts]) if flat.size and flat[0] else counts


def mask_of(counts: Iterable[int], width: int, height: int) -> np.ndarray:
    """Return the mask, bool `(height, width)`, of run lengths.

    Raises
    ------
    ValueError
        They are negative, or do not add up to the picture's pixels.
    """
    runs = checked(counts, width, height)
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape((height, width), order="F")


def checked(counts: Iterable[int], width: int, height: int) -> np.ndarray:
    """Return run lengths as int64 if they fill a picture, else raise `ValueError`."""
    runs = np.asarray(list(counts) if not isinstance(counts, np.ndarray) else counts, np.int64)
    if (runs < 0).any():
        raise ValueError("a run of negative length")
    if int(runs.sum()) != width * height:
        raise ValueError(
            f"its runs are {int(runs.sum()):,} pixels long, the picture of {width} × {height} has"
            f" {width * height:,}"
        )
    return runs


def bounds(runs: np.ndarray, height: int) -> tuple[int, int, int, int] | None:
    """Return left, top, width and height of what run lengths mark; None if they mark nothing."""
    ends = np.cumsum(runs)
    first, last = (ends - runs)[1::2], ends[1::2] - 1
    kept = last >= first
    first, last = first[kept], last[kept]
    if not len(first):
        return None
    left, right = int(first[0] // height), int(last[-1] // height)
    whole = bool((first // height != last // height).any())
    top = 0 if whole else int((first % height).min())
    bottom = height - 1 if whole else int((last % height).max())
    return left, top, right - left + 1, bottom - top + 1

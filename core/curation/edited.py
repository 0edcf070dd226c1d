"""Which objects of a set have a box that a person gave them."""

import numpy as np

from core.curation.fold import State


def boxes_set(state: State, here: np.ndarray) -> dict[int, tuple[float, float, float, float]]:
    """Return, by row, the box that an object was given: x, y, width, height in pixels.

    Parameters
    ----------
    state
        The log, folded.
    here
        int64 `(items,)`: the row of each of the whole set's rows; -1 where there is none.
    """
    found = {}
    for code, number in state.boxes.items():
        row = int(here[code]) if code < len(here) else -1
        if row >= 0:
            x, y, w, h = state.acts[number].fields["box"]
            found[row] = (x, y, w, h)
    return found


def boxes_waiting(state: State, here: np.ndarray) -> np.ndarray:
    """Return the rows, ascending int64, that the set's next run gives another box than they have.

    Their box was edited since the last run, or its edit undone.
    """
    universe = state.universe
    found = set()
    for family in universe.families:
        rows = universe.roster.rows(family)
        for code in rows[rows >= 0][-1:].tolist():
            number = state.boxes.get(code)
            wanted = state.acts[number].fields["to"] if number else family[0]
            if universe.roster.addresses[code] != wanted:
                found.add(int(here[code]))
    return np.array(sorted(found - {-1}), np.int64)

"""Where images are chosen from, as far as a page must know before a job works it out."""

from dataclasses import replace
from typing import Any

from components.state import services
from components.words import number
from core.choices import CurateRequest, Pool, parse_budget, pool_of
from core.choices.cleaning import known_from, left_of
from core.errors import VitrineError


def selection_in(found: Any, pool: str) -> tuple[str, str] | None:
    """Return the selection that a pool names, with its words; None where there is none."""
    kind, _, key = pool.partition(":")
    if kind != "selection":
        return None
    try:
        services().selections.load(key, found.key)
        return key, services().selections.describe(key)
    except VitrineError:
        return None


def prospects(found: Any, view: Any, wanted: CurateRequest) -> tuple[Pool, int | None]:
    """Return what a request may choose from, and how many it takes; None where the gains tell.

    Copies and faulty pictures are left out as far as a check of the set knows them.

    Raises
    ------
    VitrineError
        A slice or selection is not there, nothing is left to choose from, or too many are wanted.
    """
    pool = pool_of(wanted, found, view, services().library.workspace)
    known = None
    if wanted.clean is not False:
        known = known_from(services().findings.check(found), found, view)
    if known is not None:
        rows = left_of(pool.rows, pool.already, known)
        gone = len(pool.rows) - len(rows)
        told = (f"copies or faulty pictures left out: {number(gone)}",) if gone else ()
        pool = replace(pool, rows=rows, notes=(*pool.notes, *told))
    return pool, parse_budget(wanted.budget).items(len(pool.rows))

"""What to look out for in a design: groups made from the same vectors, too few units, and so on."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.labelled.values import coded
from core.morphology.design import TESTED, Design, Told
from core.morphology.permanova import UNEVEN
from core.morphology.permute import least_p
from core.morphology.request import SLICES, MorphologyRequest

#: Columns of an item table that never name specimens.
_NEVER = {"item_id", "path", "mask", "format", "mode", "notes", "time", "frame"}
#: Columns that are computed from the vectors of the set.
_COMPUTED = ("cluster", "micro cluster size", "duplicate group", "placement")
#: How a slice was made, where the vectors had a part in it.
_BY_VECTORS = re.compile(
    r"\b(lasso|box) on |nearest to|\bTheme\b|\bGroup \d|\bunassigned\b|\bid [0-9a-f]{8,}|\bcluster"
)
#: Names listed in a sentence, and the level at which a p counts as small.
_LISTED, _ALPHA = 4, 0.05


def cautions(
    asked: MorphologyRequest, opened: Any, view: Any, design: Design, copies: np.ndarray | None
) -> tuple[Told, ...]:
    """Return the warnings of a design.

    Parameters
    ----------
    asked
        What is asked for.
    opened, view
        The set or part, and what was decided about it.
    design
        What the request comes to.
    copies
        Group of copies of every row of the set `(n,)`; None where copies were not looked for.
    """
    found: list[Told] = []
    for part in (_circular(asked, view), _specimens(asked, opened, design), _few(asked, design)):
        found.extend(part)
    found.extend(_copies(asked, design, copies))
    found.extend(_balance(design))
    found.extend(_blocks(asked, design))
    found.extend(_confounded(design))
    return tuple(found)


def _circular(asked: MorphologyRequest, view: Any) -> Iterator[Told]:
    """Warn of groups that the vectors themselves have made."""
    text = (
        "{what} from the vectors that are compared here: the groups differ by construction, and "
        "p means nothing. Distances and pictures still describe them."
    )
    if asked.by in _COMPUTED:
        yield Told("circular", "fail", text.format(what=f"{asked.by!r} was made"))
    elif asked.by in {SLICES, "slice"}:
        wanted = set(asked.slices) or set(asked.groups) or {one.name for one in view.slices}
        made = [s.name for s in view.slices if s.name in wanted and _BY_VECTORS.search(s.how)]
        if made:
            named = ", ".join(f"“{name}”" for name in made[:_LISTED])
            what = f"{named} {'were' if len(made) > 1 else 'was'} made"
            yield Told("circular", "fail", text.format(what=what))


def _copies(asked: MorphologyRequest, design: Design, copies: np.ndarray | None) -> Iterator[Told]:
    """Warn where copies were not looked for, or one picture counts as several units."""
    if copies is None:
        if asked.unit is None and asked.aggregate == "unit":
            yield Told(
                "copies_unchecked", "caution",
                "Copies were not looked for: two files of one picture count as two units. Check "
                "the set on Quality first, or name the unit.",
            )  # fmt: skip
        return
    held = np.stack([copies[design.rows], design.unit[design.place]])
    kinds = np.unique(held, axis=1)[0]
    count = int((np.unique(kinds, return_counts=True)[1] > 1).sum())
    if count:
        yield Told(
            "copies_across", "caution",
            f"{count:,} picture{'s have' if count > 1 else ' has'} copies that count as different "
            "units: one thing counts as several. Look at the duplicates on Quality.",
        )  # fmt: skip


def _specimens(asked: MorphologyRequest, opened: Any, design: Design) -> Iterator[Told]:
    """Warn where images of one specimen may count as several units."""
    if asked.unit is not None:
        return
    names = [name for name in _given(asked, opened) if _is_nested(opened, name, design)]
    if len(names) > 1:  # the source's own unit is a copy of the column that it is read from
        names = [name for name in names if name != "unit"]
    if names:
        listed = ", ".join(repr(name) for name in names[:_LISTED])
        yield Told(
            "pseudo_replication", "fail",
            f"{listed}: several images of each value, and each value in one group only, "
            "as specimens have. If that is what it names, choose it as the unit: else many "
            "photographs of one specimen count as many specimens, and p is far too small.",
        )  # fmt: skip
    elif asked.aggregate == "image":
        yield Told(
            "pseudo_replication", "caution",
            "Every image counts as a unit. Where one specimen has several images, p is far too "
            "small: name the column of specimens as the unit.",
        )  # fmt: skip


def _given(asked: MorphologyRequest, opened: Any) -> Iterator[str]:
    """Yield the given columns that might name specimens."""
    used = {asked.by, asked.block, asked.pair, *asked.covariates, *_NEVER}
    there = set(map(str, opened.items.columns))
    for column in opened.columns():
        if column.name in there - used and column.kind in {"category", "text"}:
            yield column.name


def _is_nested(opened: Any, name: str, design: Design) -> bool:
    """Tell whether a column has several images for most values, and each value in one group."""
    codes = coded(name, opened.items[name]).codes[design.rows]
    known = codes >= 0
    if known.sum() < max(2, 0.5 * len(codes)):
        return False
    group = design.group[design.place[known]]
    kinds, times = np.unique(codes[known], return_counts=True)
    m = len(np.unique(group))
    several = m > 1 and len(kinds) >= 2 * m and (times > 1).mean() >= 0.5
    pairs = np.unique(np.stack([codes[known], group]), axis=1).shape[1]
    return bool(several and pairs == len(kinds))


def _few(asked: MorphologyRequest, design: Design) -> Iterator[Told]:
    """Warn of groups too small to be tested, and of designs in which p cannot be small."""
    sizes = design.sizes
    small = [design.names[code] for code in np.flatnonzero(sizes < TESTED)]
    if small:
        listed = ", ".join(small[:_LISTED]) + (", …" if len(small) > _LISTED else "")
        yield Told(
            "small_groups", "caution",
            f"{len(small)} of {len(sizes)} groups have fewer than {TESTED} units and are left out "
            f"of the tests: {listed}.",
        )  # fmt: skip
    tested = design.tested
    if len(tested) < 2:
        yield Told(
            "few_units", "fail",
            f"Fewer than two groups have {TESTED} units: nothing can be tested.",
        )  # fmt: skip
        return
    rows, codes = design.of_groups(tested)
    blocks = None if design.blocks is None else design.blocks[rows]
    least = least_p(codes, blocks, asked.permutations)
    if least > _ALPHA:
        yield Told(
            "few_units", "fail",
            f"With so few units p cannot be below {least:.2g}: a difference cannot be shown at "
            f"{_ALPHA}, however large it is. Read effect and interval, or add units.",
        )  # fmt: skip


def _balance(design: Design) -> Iterator[Told]:
    sizes = design.sizes[design.tested]
    if len(sizes) > 1 and sizes.max() > UNEVEN * sizes.min():
        yield Told(
            "unbalanced", "caution",
            f"The largest group has {sizes.max() / sizes.min():.0f} times the units of the "
            "smallest. The headline test holds for unequal sizes, but is approximate if spreads "
            "differ as well.",
        )  # fmt: skip


def _blocks(asked: MorphologyRequest, design: Design) -> Iterator[Told]:
    """Warn of blocks that hold one group only."""
    if design.blocks is None:
        return
    rows, codes = design.of_groups(design.tested)
    pairs = np.unique(np.stack([design.blocks[rows], codes]), axis=1)
    kinds = np.bincount(np.unique(pairs[0], return_inverse=True)[1].reshape(-1))
    alone = int((kinds == 1).sum())
    if alone:
        what = "units" if design.paired else f"blocks ({asked.block})"
        holds, says = ("holds", "says") if alone == 1 else ("hold", "say")
        yield Told(
            "block_one_group", "fail" if alone == len(kinds) else "caution",
            f"{alone:,} of {len(kinds):,} {what} {holds} one group only and {says} nothing about a "
            "difference" + (
                ": groups and blocks cannot be told apart." if alone == len(kinds) else "."
            ),
        )  # fmt: skip


def _confounded(design: Design) -> Iterator[Told]:
    """Warn of covariates that are the same throughout each group: they cannot be told apart."""
    rows, codes = design.of_groups(design.tested)
    if not len(rows):
        return
    counts = np.bincount(codes).astype(np.float64)
    for name, values in design.covariates.items():
        table = values[rows].reshape(len(rows), -1)
        means = np.stack([np.bincount(codes, column) / counts for column in table.T], axis=1)
        spread = np.abs(table - table.mean(axis=0)).max(initial=0.0)
        if spread > 0 and np.abs(table - means[codes]).max(initial=0.0) <= 1e-9 * spread:
            yield Told(
                "confounded", "fail",
                f"{name!r} has one value throughout each group, so what is due to it and what to "
                "the groups cannot be told apart: the difference may be that of either.",
            )  # fmt: skip

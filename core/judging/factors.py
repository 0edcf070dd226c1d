"""What may explain clusters beside what pictures show: each as one code an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.columns import as_numbers
from core.config import Settings
from core.errors import InputError
from core.judging.bench import Case
from core.judging.colours import colour_word
from core.judging.ground import CONTRAST, GROUND, LIGHT, grounds
from core.labelled.values import coded
from core.progress import Progress
from core.storage.store import Workspace

#: Parts that numbers are cut into, kinds of ground tried, images they are found from, and
#: fewest images of a kind.
PARTS, KINDS, SAMPLE, FEWEST = 3, (2, 3, 4, 5), 1_000, 5
#: Standard deviations, of 255: below which all grounds are the same, and one is plain.
SAME, PLAIN = 2.0, 15
WORDS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that may explain the clusters.

    Attributes
    ----------
    name, title
        As a key ("ground", "column:site"), and for a person.
    codes
        Place in `kinds` of each image that is looked at `(m,)` int64; −1 where unknown.
    kinds
        What its values are called.
    text
        What was measured; or why there is nothing to test.
    """

    name: str
    title: str
    codes: np.ndarray
    kinds: tuple[str, ...]
    text: str = ""

    @property
    def testable(self) -> bool:
        """Whether it has two kinds of five images or more."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=1)
        return int((counts >= FEWEST).sum()) > 1


def factors_of(
    case: Case,
    columns: Sequence[str],
    masks: str | None,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    seed: int,
) -> list[Factor]:
    """Return what is tested: ground, light, contrast, size, source, and columns that are named.

    Raises
    ------
    NotFoundError
        There is no such column, or no such masks.
    InputError
        A column holds the labels, or a value of its own for every image.
    """
    found = [_column(case, name) for name in columns]
    paths = case.opened.items["path"].astype("string").fillna("")
    if bool((paths != "").any()):
        seen, what = grounds(case.opened, case.rows, masks, workspace, settings, progress)
        found = [
            *_of_pictures(seen, what, seed),
            *_sizes(case.opened.items.iloc[case.rows]),
            *found,
        ]
    if "source" in case.opened.items and "source" not in columns:
        values = case.opened.items["source"].iloc[case.rows]
        if values.nunique() > 1:
            held = coded("source", values)
            found.append(Factor("source", "Source", held.codes, held.names, "as given"))
    return found


def _of_pictures(seen: np.ndarray, what: str, seed: int) -> list[Factor]:
    """Return the factors that were measured of pictures."""
    codes, kinds = ground_kinds(seen[:, GROUND], seed)
    text = f"{what}, by colour and unevenness"
    if not kinds:
        text = "The ground is the same in all pictures." if np.isfinite(
            seen[:, GROUND]).any() else "The ground of no picture is known."  # fmt: skip
    return [
        Factor("ground", "Background", codes, kinds, text),
        _cut("light", "Exposure", seen[:, LIGHT], "mean brightness of the picture"),
        _cut("contrast", "Contrast", seen[:, CONTRAST], "spread of brightness in the picture"),
    ]


def ground_kinds(values: np.ndarray, seed: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return kinds of ground: the number of groups, two to five, that part it best.

    Parameters
    ----------
    values
        Red, green, blue and unevenness `(m, 4)`, NaN where unknown.

    Returns
    -------
    codes : numpy.ndarray
        `(m,)` int64, −1 where unknown.
    names : tuple
        Their mean colours as words; () where all are the same.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    codes = np.full(len(values), -1, np.int64)
    good = np.flatnonzero(np.isfinite(values).all(axis=1))
    points = values[good]
    if len(good) < 2 * FEWEST or points.std(axis=0).max(initial=0) < SAME:
        return codes, ()
    rng = np.random.default_rng(seed)
    some = points[rng.permutation(len(points))[:SAMPLE]]
    best: tuple[float, Any] | None = None
    for count in KINDS:
        if len(np.unique(some.round(6), axis=0)) <= count:
            break
        model = KMeans(count, n_init=4, random_state=seed).fit(some)
        if np.bincount(model.labels_).min() < FEWEST:
            continue
        score = float(silhouette_score(some, model.labels_))
        if best is None or score > best[0]:
            best = score, model
    if best is None:
        return _two(codes, good, points)
    codes[good] = best[1].predict(points)
    return codes, _called(best[1].cluster_centers_)


def _two(
    codes: np.ndarray, good: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the kinds of grounds of which there are only a few different ones."""
    kinds, place = np.unique(points.round(6), axis=0, return_inverse=True)
    if not 1 < len(kinds) <= max(KINDS):
        return codes, ()
    codes[good] = place.reshape(-1)
    return codes, _called(kinds)


def _called(kinds: np.ndarray) -> tuple[str, ...]:
    """Return kinds of ground as colours, plain or uneven; with their numbers where two are alike.

    Parameters
    ----------
    kinds
        Red, green, blue and unevenness of each `(k, 4)`, 0 to 255.
    """
    colours = [tuple(int(np.clip(round(float(one)), 0, 255)) for one in kind[:3]) for kind in kinds]
    words = [f"{colour_word(*colour)}, {'plain' if kind[3] < PLAIN else 'uneven'}"
             for colour, kind in zip(colours, kinds, strict=True)]  # fmt: skip
    return tuple(
        word if words.count(word) == 1 else f"{word} (#{bytes(colour).hex()})"
        for word, colour in zip(words, colours, strict=True)
    )


def _sizes(items: pd.DataFrame) -> list[Factor]:
    """Return the size of pictures, by their pixels, and their shape."""
    if not {"width", "height"} <= set(items.columns):
        return []
    width, height = (as_numbers(items[name]) for name in ("width", "height"))
    with np.errstate(invalid="ignore", divide="ignore"):
        return [
            _cut("size", "Size of the picture", width * height, "pixels of the picture"),
            _cut("shape", "Shape of the picture", width / height, "width against height"),
        ]


def _cut(name: str, title: str, values: np.ndarray, text: str) -> Factor:
    """Return numbers as three parts of as many images, fewer where values are few."""
    values = np.asarray(values, np.float64)
    codes = np.full(len(values), -1, np.int64)
    good = np.isfinite(values)
    different = np.unique(values[good])
    if len(different) < 2:
        return Factor(name, title, codes, (), "It is the same in all images.")
    if len(different) <= PARTS:
        codes[good] = np.searchsorted(different, values[good])
        return Factor(name, title, codes, tuple(f"{one:g}" for one in different), text)
    edges = np.unique(np.quantile(values[good], [at / PARTS for at in range(1, PARTS)]))
    codes[good] = np.searchsorted(edges, values[good], side="left")
    used, codes[good] = np.unique(codes[good], return_inverse=True)
    if len(used) < 2:  # nearly all are the largest: those against the rest
        codes[good] = (values[good] > different[0]).astype(np.int64)
        return Factor(name, title, codes, ("lowest", "higher"), text)
    words = WORDS if len(used) == PARTS else ("low", "high")
    return Factor(name, title, codes, words, text)


def _column(case: Case, name: str) -> Factor:
    """Return a column that a person named."""
    if name == case.labels.name:
        raise InputError(f"column {name!r}: these are the labels; name another column to test")
    column = case.opened.column(name)  # NotFoundError lists the columns there are
    values = case.opened.values(name).iloc[case.rows]
    title = f"Column {name}"
    if column.kind != "category":
        return _cut(f"column:{name}", title, as_numbers(values), "values of the column")
    held = coded(name, values)
    if len(held.names) >= len(values) > FEWEST:
        raise InputError(f"column {name!r}: every image has a value of its own there")
    return Factor(f"column:{name}", title, held.codes, held.names, "values of the column")

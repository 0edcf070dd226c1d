"""What a gradient says in words: its title, what was found, how it was made, what to mind."""

from typing import Any

from core.comparing.gradient_measure import PERMUTATIONS, Measured
from core.comparisons.gradient_subject import Subject
from core.morphology.citations import cite
from core.morphology.gradient_request import KINDS
from core.morphology.methods import software
from core.report.words import nouns, percent

#: Below this share of a chance better than none, and above this change of length, one is warned.
WEAK, SHORTER = 0.6, 0.75


def title(subject: Subject) -> str:
    """Return what a gradient is called: "Danaus plexippus to Pieris rapae"."""
    if not subject.ends:
        within = subject.asked.within
        return f"Principal axis {subject.asked.axis}" + (f" of “{within}”" if within else "")
    return " to ".join(end.title for end in subject.ends)


def warned(subject: Subject, found: Measured) -> list[dict[str, str]]:
    """Return what one must be careful of, the worst first."""
    told = [(one["code"], one["level"], one["text"]) for one in subject.warnings]
    if found.why:
        told.append(("untested", "caution", f"Not tested: {found.why.removeprefix('gradient: ')}."))
    if found.auc is not None and found.auc < WEAK:
        told.append(
            ("weak", "caution", f"On units held out the axis tells the groups apart hardly better "
             f"than chance (AUC {found.auc:.2f}): what the strip shows may be chance.")
        )  # fmt: skip
    told += _of_the_way(found)
    empty = sum(at < 0 for _, at in found.stops)
    if empty and empty * 2 >= len(found.stops):
        told.append(
            ("empty", "caution", f"{empty} of {len(found.stops)} places are empty: between the "
             "ends there is hardly a form.")
        )  # fmt: skip
    kept = [{"code": code, "level": level, "text": text} for code, level, text in told]
    return sorted(kept, key=lambda one: one["level"] != "fail")


def _of_the_way(found: Measured) -> list[tuple[str, str, str]]:
    """Return what one must be careful of in a way through neighbours."""
    path, told = found.path, []
    if path is None:
        return []
    if not len(path.rows):
        return [("apart", "fail", f"There is no way through {path.k} neighbours: the ends lie in "
                 "parts that nothing joins. Link more neighbours.")]  # fmt: skip
    if path.bridges.any():
        many = int(path.bridges.sum())
        are = "is a bridge" if many == 1 else "are bridges"
        told.append(
            ("bridge", "caution", f"{nouns('step', many)} of the way {are}: a single link that no "
             "image around it supports.")
        )  # fmt: skip
    lengths = {int(k): one["length"] for k, one in found.by_k.items()}
    most = lengths[max(lengths)]
    if most is not None and most < SHORTER * path.length:
        told.append(
            ("short_cut", "caution", f"With {max(lengths)} neighbours the way is "
             f"{percent(1 - most / path.length)} shorter: it may take short cuts where no form "
             "lies between.")
        )  # fmt: skip
    return told


def sentence(meta: dict[str, Any]) -> str:
    """Return what was found: effect first."""
    one, places = meta["noun"], meta["places"]
    filled = sum(place["row"] is not None for place in places)
    told = [_found(meta)]
    if meta["share"] is not None:
        told.append(
            f"It carries {percent(meta['share'])} of the variance of "
            f"{nouns(one, meta['n_images'])}."
        )
    if meta["kind"] != "geodesic" or filled < len(places):
        an = "an image" if one == "image" else f"a {one}"
        told.append(f"{filled} of {len(places)} places have {an}.")
    if meta["gap"] is not None:
        what = "step" if meta["kind"] == "geodesic" else "empty stretch"
        told.append(f"The longest {what} is {percent(meta['gap'])} of the way.")
    return " ".join(told)


def _found(meta: dict[str, Any]) -> str:
    """Return the first sentence about a gradient."""
    if meta["kind"] == "principal":
        return (
            f"{KINDS['principal']} {meta['request']['axis']} of {nouns('unit', meta['n_units'])}."
        )
    a, b = meta["a"]["title"], meta["b"]["title"]
    if meta["kind"] == "geodesic":
        if meta["straightness"] is None:
            return f"No way leads from {a} to {b} through near neighbours."
        way = meta["by_k"][str(_linked(meta))]
        return (
            f"From {a} to {b} through {nouns(meta['noun'], way['images'])} that are neighbours, "
            f"{1 / meta['straightness']:.2f} times as far as straight."
        )
    if meta["auc"] is None:
        return f"From {a} to {b}."
    return (
        f"From {a} to {b}: on units held out, the axis puts the right one of two ahead in "
        f"{percent(meta['auc'])} of cases (AUC {meta['auc']:.2f}; chance 0.50)."
    )


def _linked(meta: dict[str, Any]) -> int:
    """Return how many neighbours the way that is shown links."""
    asked = meta["request"]["k"]
    held = [int(k) for k in meta["by_k"]]
    return asked if asked in held else max(held)


#: What an axis is, as a paper would say.
_AXES = {
    "means": "The axis runs from {a} to {b}; the position of an image x is "
    "t = (x − ā)·u / ‖u‖², u the step from the one, ā, to the other, so that they lie at 0 and 1.",
    "discriminant": f"The axis is the linear discriminant of both groups {cite('Fisher 1936')}, "
    f"the covariance shrunk {cite('Ledoit and Wolf 2004')}, scaled so that {{a}} and {{b}} lie at "
    "0 and 1; every image of the groups is placed by an axis made without its unit.",
    "geodesic": "The way is the shortest one from {a} to {b} in the graph that links each image "
    f"to its {{k}} nearest others {cite('Tenenbaum et al. 2000')}; a link holds if either image "
    "has the other, and the longest 1 % are left out. The position of an image is taken from its "
    "distances to both ends through the graph.",
    "principal": "The axis is principal component {axis} of the means of the units "
    f"{cite('Jolliffe and Cadima 2016')}; positions are in standard deviations of these.",
}

_UNITS = {
    "column": "Images with one value of “{unit}” are one unit and count once",
    "copies": "Near-duplicate images are one unit and count once",
    "items": "Identical files are one unit and count once; near-duplicates were not looked for",
}


def methods(meta: dict[str, Any]) -> str:
    """Return how a gradient was made, as a paragraph for a paper."""
    asked = meta["request"]
    names = {end: _named(meta, end) for end in "ab" if meta[end]}
    parts = [
        f"{nouns(meta['noun'], meta['n_images'])} were encoded by "
        f"{meta['encoder']['name']} and scaled to unit length; distances are chordal.",
        _UNITS[meta["unit_kind"]].format(unit=meta["unit"]) + f" ({meta['n_units']:,} units).",
        _AXES[meta["kind"]].format(**names, k=_linked(meta) if meta["by_k"] else 0,
                                   axis=asked["axis"]),
        _shown(meta),
    ]  # fmt: skip
    if meta["auc"] is not None:
        parts.append(
            f"How well the axis tells the groups apart is the area under the ROC curve on units "
            f"that it was not made from ({len(meta['auc_folds'])} folds of whole units, seed "
            f"{asked['seed']}), the mean over the folds."
        )
    if meta["correlations"]:
        parts.append(
            "The mean position of each unit was set against columns of numbers by rank "
            f"correlation {cite('Spearman 1904')}, p from {PERMUTATIONS} permutations of units "
            f"{cite('Phipson and Smyth 2010')}, adjusted over the columns "
            f"{cite('Benjamini and Hochberg 1995')}."
        )
    parts.append(software(meta | {"seed": asked["seed"]}))
    return " ".join(parts)


def _named(meta: dict[str, Any], end: str) -> str:
    """Return what stands for an end: an image, the mean of a group, or the image nearest to it."""
    told = meta[end]
    if told["row"] is not None:
        return f"the {meta['noun']} {told['title']}"
    units = f"“{told['title']}” ({nouns('unit', told['units'])})"
    if meta["kind"] == "geodesic":
        return f"the {meta['noun']} nearest to the mean of {units}"
    return f"the mean of {units}"


def _shown(meta: dict[str, Any]) -> str:
    """Return which images a strip shows."""
    count = len(meta["places"])
    if meta["kind"] == "principal":
        return (
            f"The strip has {count} places at evenly spaced quantiles from the 2nd to the 98th "
            "percentile; each shows the image nearest to the axis."
        )
    if meta["kind"] == "geodesic":
        return "The strip shows images of the way where they lie on it."
    return (
        f"The strip has {count} evenly spaced places; of the images within half a step of one, "
        "that nearest to the axis is shown, and a place without any is left empty."
    )

"""The preset after Lürig and others in the file of a comparison."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.comparisons.report.tables import table
from core.report.text import absent, count, measure, named, plain, plural, share

Meta = Mapping[str, Any]


def parts(made: Meta, strip: Callable[[Sequence[int]], str]) -> list[str]:
    """Return the axis of two groups, exemplars along it, and likeness inside groups, as HTML.

    Parameters
    ----------
    made
        The comparison's `lurig`.
    strip
        Gives the pictures of rows as HTML.
    """
    if "discriminant" not in made:
        return [f"<p>{plain(made.get('why') or 'The preset could not be computed.')}</p>"]
    axis = made["discriminant"]
    order = sorted(axis["groups"], key=lambda one: float(one["mean"]))
    return [
        f"<p>{_verdict(axis)} {_method(made)}</p>",
        _axis(axis, order),
        _exemplars(made, order, strip),
        _likeness(made),
        _within(made),
        "".join(f'<p class="small">{plain(_sentence(one))}</p>' for one in made["warnings"]),
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _verdict(axis: Meta) -> str:
    first, second = (named(one) for one in axis["poles"])
    told = f"The axis runs from {first} (0) to {second} (1)."
    if absent(axis.get("auc")):
        return f"{told} An end has too few units for a check on units held out."
    return (
        f"{told} Area under the ROC curve on units that it was not made from: "
        f"{measure(axis['auc'])} (chance 0.5)."
    )


def _method(made: Meta) -> str:
    axis, left = made["discriminant"], sum(made["discriminant"].get("trimmed") or ())
    told = (
        f"{plural(made['components'], 'component')} of standardised vectors hold "
        f"{share(made['explained'])} of the variance; the axis is made of the first "
        f"{count(axis['components'])}"
    )
    return f"{told}, without {plural(left, 'unit')} far from its own group." if left else f"{told}."


def _axis(axis: Meta, order: Sequence[Meta]) -> str:
    rows = [
        [named(one["group"]), count(one["units"]), measure(one["mean"]),
         f"{measure(one['low'])} – {measure(one['high'])}", share(one["second"]),
         ("end, held out" if one["unseen"] else "end") if one["pole"] else "never seen"]
        for one in order
    ]  # fmt: skip
    head = ("Group", "Units", "Mean", "Middle half", f"Nearer {named(axis['poles'][1])}",
            "In making the axis")  # fmt: skip
    return table("Groups along the axis", head, rows)


def _exemplars(made: Meta, order: Sequence[Meta], strip: Callable[[Sequence[int]], str]) -> str:
    """Return the image nearest the mean of each group, in the order of the axis."""
    rows = {str(one["group"]): int(one["row"]) for one in made.get("exemplars") or []}
    shown = [rows[name] for one in order if (name := str(one["group"])) in rows]
    if not shown:
        return ""
    title = "The image nearest the mean of each group, along the axis"
    return f'<div class="card"><h3>{title}</h3>{strip(shown)}</div>'


def _likeness(made: Meta) -> str:
    """Return likeness of sides or sexes inside each group, and the level to compare it with."""
    rows = [
        [named(one["group"]), f"{named(one['a'])} and {named(one['b'])}",
         f"{count(one['units_a'])} and {count(one['units_b'])}", measure(one["all"]),
         measure(one["axis"])]
        for one in made.get("similarity") or []
    ]  # fmt: skip
    rows += [
        ["different groups", f"{named(one['a'])} and {named(one['b'])}", "–", measure(one["all"]),
         measure(one.get("axis"))]
        for one in made.get("between") or []
    ]  # fmt: skip
    head = ("Group", "Between", "Units", "Likeness", "On the axis's components")
    return table("Likeness (cos + 1) / 2 of sides or sexes", head, rows)


def _within(made: Meta) -> str:
    rows = [
        [named(one["group"]), count(one["units"]), measure(one["mean"])]
        for one in made.get("within") or []
    ]
    return table("Likeness of units within each group", ("Group", "Units", "Mean"), rows)

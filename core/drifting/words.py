"""The verdict on two sets in words: from numbers, effect first."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.drift.classifier import BY_CHANCE

ALPHA = 0.05
Line = Mapping[str, Any]


def verdict(
    label_a: str,
    label_b: str,
    tests: Sequence[Line],
    clusters: Sequence[Line],
    power: Line | None,
) -> dict[str, Any]:
    """Return the verdict: level "drift", "none seen" or "too few", a sentence, and its grounds.

    Parameters
    ----------
    label_a, label_b
        What the sides are called.
    tests
        The headline tests with their adjusted p.
    clusters
        Lines about clusters.
    power
        What could have been seen; None where that is not known.
    """
    known = [test for test in tests if test["p_adjusted"] is not None]
    seen = [test for test in known if test["p_adjusted"] < ALPHA]
    if not known:
        why = next((test["notice"] for test in tests if test["notice"]), "")
        told = f"{label_a} and {label_b} cannot be tested: {why}."
        return {"level": "too few", "sentence": told, "detail": grounds(tests, clusters)}
    if seen:
        auc = next((test["effect"] for test in seen if test["key"] == "classifier"), None)
        model = "" if auc is None else (
            f"a model tells {auc_words(auc)} which set an image is from (AUC {auc:.2f}). "
        )  # fmt: skip
        groups = _changed(clusters)
        if auc is not None and auc < BY_CHANCE and any(one["key"] == "occupancy" for one in seen):
            said = f"{groups[:1].lower()}{groups[1:]} {model[:1].upper()}{model[1:]}"
        else:
            effect = f"{seen[0]['effect_name']} {seen[0]['effect']:.2g}. "
            said = f"{model or effect}{groups}"
        told = f"{label_b} differs from {label_a}: {said}".strip()
        return {"level": "drift", "sentence": told, "detail": grounds(tests, clusters)}
    told = f"No evidence of a difference between {label_a} and {label_b} {could(power)}"
    return {"level": "none seen", "sentence": told, "detail": grounds(tests, clusters)}


def could(power: Line | None) -> str:
    """Return what this sample could have shown."""
    if power is None:
        return "in this sample; how small a difference it could have shown is not known."
    what = "of a group that the reference lacks" if power.get("like") == "held back" else (
        "like the second set's"
    )  # fmt: skip
    if power["seen"] is None:
        most = 100 * max(power["shares"])
        return (
            f"that this sample could have shown: even {most:.0f} % of images {what} would often be "
            "missed."
        )
    return (
        f"that this sample could have shown: {100 * power['seen']:.0f} % of images {what} would "
        "have been seen in four of five cases."
    )


def auc_words(auc: float) -> str:
    """Return how well a model tells two sets apart, as an adverb."""
    steps = ((0.99, "nearly always"), (0.9, "mostly"), (0.75, "often"), (0.6, "better than by "
             "chance"), (0.55, "a little better than by chance"))  # fmt: skip
    return next((words for least, words in steps if auc >= least), "hardly better than by chance")


def _changed(clusters: Sequence[Line]) -> str:
    """Return which clusters changed, in one sentence."""
    counts = {state: sum(one["state"] == state for one in clusters)
              for state in ("new", "gone", "grew", "shrank")}  # fmt: skip
    words = {"new": "new", "gone": "gone", "grew": "larger", "shrank": "smaller"}
    told = [f"{n} {words[state]}" for state, n in counts.items() if n]
    if not told:
        return "No single group of images stands out."
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"Of {len(clusters)} groups of images {listed}."


def grounds(tests: Sequence[Line], clusters: Sequence[Line]) -> list[str]:
    """Return what the verdict stands on, a line a test."""
    return [f"{test['name']}: {_told(test)}" for test in tests]


def _told(test: Line) -> str:
    if test["p"] is None:
        return test["notice"] or "not tested"
    ci = "" if not test["ci"] else f" ({test['ci'][0]:.3g} to {test['ci'][1]:.3g})"
    return (
        f"{test['effect_name']} {test['effect']:.3g}{ci}, p {test['p']:.2g}, "
        f"{test['p_adjusted']:.2g} after Holm"
    )

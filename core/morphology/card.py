"""The metric card: whether distances of an encoder mean anything for a set, in words.

Each check has a limit and a status; the verdict follows from them by a fixed rule:

- "fail" where a change that no form knows (a shift by one pixel, JPEG, a narrow crop, a turn by 5°)
  fails, or where distances say nothing of known labels, neither over pairs nor among neighbours;
- "caution" where any other check is not passed, or could not be made;
- "pass" where all were made and passed. What a mask hides is seen by no distance of the set, so
  the check of the ground is told and changes no verdict.

The numbers come from `core.morphology.metric`; `docs/methods/metric-card.md` says how the limits
were measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Literal

import numpy as np

from core.imaging.nuisance import NUISANCES
from core.morphology.metric import (
    CHANGE,
    FOUND,
    HUBS,
    Agreement,
    Calibration,
    Invariance,
    K,
)

Status = Literal["pass", "caution", "fail", "unknown"]
#: Beyond these a change does not merely show: the check fails. A shift fails at the first limits,
#: since nothing is less a matter of form.
BROKEN_CHANGE, BROKEN_FOUND = 0.5, 0.8
#: Equal directions below which a set is nearly a line.
LINE = 2.0
#: What else is to be said of a change that shows.
ADVICE = {
    "gain": " Where light was even and darkness is a trait this is no fault.",
    "rotate": " Turn all pictures to one direction first, where they are not.",
    "flip": " Where left and right differ this is no fault; else turn all to one side.",
    "background": " This set shows one ground, so its distances do not see it: keep the masks.",
}
#: Said where labels are of too few units for an interval.
FEW = "; too few labelled units to tell that from chance."
HEADLINES = {
    "pass": "Distances can be read as differences of form here.",
    "caution": "Distances can be read with care here.",
    "fail": "Distances are no measure of form here.",
}


@dataclass(frozen=True, slots=True)
class CardCheck:
    """One line of the card.

    Attributes
    ----------
    name, title
        As a key ("shift", "calibration"), and for a person.
    topic
        "invariance", "calibration", "agreement", "dimension" or "hubness".
    value, ci
        The figure and its 95 % interval; None where there is none.
    limit
        What passes, in words: "at most .25"; "" where nothing is asked.
    status
        "pass", "caution", "fail" or "unknown".
    text
        One sentence that says what was found, and what it means where it is not passed.
    details
        Further figures (JSON values), such as the deciles of the calibration.
    """

    name: str
    title: str
    topic: str
    value: float | None
    ci: tuple[float, float] | None
    limit: str
    status: Status
    text: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """The metric card of a set.

    Attributes
    ----------
    key
        The artefact's ("metriccard").
    verdict
        "pass", "caution" or "fail".
    text
        The verdict in words: the headline, why, and what to do.
    checks
        In the order of the card.
    notice
        What could not be looked at, and why; "" where all was.
    """

    key: str
    verdict: Status
    text: str
    checks: tuple[CardCheck, ...]
    notice: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON holds it; unknown figures are null."""
        return {
            "key": self.key, "verdict": self.verdict, "text": self.text, "notice": self.notice,
            "checks": [asdict(check) for check in self.checks],
        }  # fmt: skip

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Card":
        """Return the card that `to_json`, or the artefact's meta, holds."""
        checks = tuple(
            CardCheck(**{**check, "ci": tuple(check["ci"]) if check["ci"] else None})
            for check in values["checks"]
        )
        return cls(values["key"], values["verdict"], values["text"], checks, values["notice"])


def card(key: str, checks: Sequence[CardCheck], notice: str = "") -> Card:
    """Return the card of some checks, with its verdict.

    Parameters
    ----------
    key
        The artefact's.
    checks
        Invariance first.
    notice
        Why changed pictures could not be encoded; "" where they could.
    """
    by = {check.name: check for check in checks}
    against = [by[name] for name in ("calibration", "agreement") if name in by]
    broken = [c for c in checks if c.status == "fail" and _decides(c)]
    blind = bool(against) and all(c.status == "fail" for c in against)
    if blind:
        broken += against
    weak = [c for c in checks if c.status != "pass" and c.name != "background" and c not in broken]
    verdict: Status = "fail" if broken else "caution" if weak else "pass"
    return Card(key, verdict, _words(verdict, broken, weak, blind), tuple(checks), notice)


def _decides(check: CardCheck) -> bool:
    return check.topic == "invariance" and check.name in NUISANCES and NUISANCES[check.name].decides


def _words(
    verdict: Status, broken: Sequence[CardCheck], weak: Sequence[CardCheck], blind: bool
) -> str:
    """Return the verdict with its reasons and what to do."""
    said = [HEADLINES[verdict]]
    said += [check.text for check in broken]
    if verdict == "fail":
        said.append(
            "Labels that are known to differ should lie apart: use another encoder, or hold it "
            "against other labels."
            if blind
            else "Use an encoder that does not see such changes."
        )
        return " ".join(said)
    seen = [check for check in weak if check.topic == "invariance" and check.value is not None]
    if seen:
        each = [f"{NUISANCES[c.name].title} ({_percent(c.value or 0)})" for c in seen]
        said.append(
            "Some changes that are not of form move pictures by a good part of the distance "
            f"between two alike: {', '.join(each)}. Differences of this size mean nothing."
        )
    said += [check.text for check in weak if check.status != "unknown" and check not in seen]
    unknown = [check.title.lower() for check in weak if check.status == "unknown"]
    if unknown:
        said.append(f"Not known: {', '.join(unknown)}.")
    return " ".join(said)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def invariance_checks(
    found: Mapping[str, Invariance], notice: str = "", *, labelled: bool = True
) -> list[CardCheck]:
    """Return a check for each change of pictures.

    Parameters
    ----------
    found
        By the names of `core.imaging.nuisance.NUISANCES`; what is missing was not looked at.
    notice
        Why nothing was; then one check says so, with status "unknown".
    labelled
        Whether usual distances are those inside a label, not of any two images.
    """
    if not found:
        why = notice or "No changed picture could be encoded."
        return [
            CardCheck(
                "invariance", "Changed pictures", "invariance", None, None,
                f"at most {CHANGE:g}", "unknown", why,
            )
        ]  # fmt: skip
    kind = "two images of one label" if labelled else "two images"
    return [_change(name, found[name], kind) for name in NUISANCES if name in found]


def _change(name: str, seen: Invariance, kind: str) -> CardCheck:
    """Return the check of one change."""
    status: Status = "pass"
    if not seen.passed:
        far = not seen.ratio <= BROKEN_CHANGE or seen.retrieval < BROKEN_FOUND
        status = "fail" if (far and name != "background") or name == "shift" else "caution"
    title = f"Pictures {NUISANCES[name].title}"
    text = (
        f"{title} move {_percent(seen.ratio)} as far as {kind} lie apart, and "
        f"{_percent(seen.retrieval)} of them are nearest to their own picture."
    )
    if status != "pass":
        text += ADVICE.get(name, "")
    return CardCheck(
        name, title, "invariance", _number(seen.ratio), _known(seen.ratio_ci),
        f"at most {CHANGE:g}, and {_percent(FOUND)} found again", status, text,
        {"retrieval": seen.retrieval, "retrieval_ci": list(seen.retrieval_ci),
         "pictures": seen.pictures},
    )  # fmt: skip


def calibration_check(found: Calibration | None) -> CardCheck:
    """Return whether images of one label are the nearer pairs."""
    title, limit = "Distance against labels", "above .5, and falling with distance"
    if found is None:
        return CardCheck(
            "calibration", title, "calibration", None, None, limit, "unknown",
            "No labels say which images are alike, so distances were held against none.",
        )  # fmt: skip
    status: Status = "pass" if found.monotone else "caution"
    if not found.low > 0.5:
        status = "fail" if isfinite(found.low) else "unknown"
    text = f"A pair of one label is the nearer one in {_percent(found.auc)} of cases"
    if status == "unknown":
        text += FEW
    elif status == "fail":
        text += ", which chance explains."
    elif status == "caution":
        text += ", but not at every distance: some larger ones go with the same label more often."
    else:
        text += " (50 % by chance)."
    return CardCheck(
        "calibration", title, "calibration", found.auc, _known((found.low, found.high)), limit,
        status, text,
        {"edges": found.edges.tolist(), "same": found.same.tolist(), "monotone": found.monotone},
    )  # fmt: skip


def agreement_check(found: Agreement | None) -> CardCheck:
    """Return whether the nearest images of other units share a label beyond chance."""
    title, limit = "Neighbours against labels", "interval above 0"
    if found is None:
        return CardCheck(
            "agreement", title, "agreement", None, None, limit, "unknown",
            "No labels say which images are alike, so neighbours were held against none.",
        )  # fmt: skip
    status: Status = "pass" if found.low > 0 else "fail" if isfinite(found.low) else "unknown"
    text = (
        f"Of the {K} nearest images {_percent(found.share)} share the label, "
        f"{_percent(found.chance)} by chance (κ {found.kappa:.2f})"
    )
    text += {"pass": ".", "unknown": FEW}.get(status, ", which chance explains.")
    return CardCheck(
        "agreement", title, "agreement", found.kappa, _known((found.low, found.high)), limit,
        status, text, {"share": found.share, "chance": found.chance},
    )  # fmt: skip


def dimension_checks(two_nn: float, participation: float, dims: int) -> list[CardCheck]:
    """Return how many directions the set has: near each image, and over all."""
    known = isfinite(two_nn)
    near = (
        f"Near an image the set has about {two_nn:.0f} directions of {dims:,} (too few are counted "
        "where there are many)."
        if known
        else "Too few distances differ to count directions near an image."
    )
    wide = isfinite(participation)
    line = wide and participation < LINE
    over = (
        f"Its spread is that of {participation:.1f} equal directions."
        if wide
        else "All images lie in one place."
    )
    if line:
        over += " One property, such as brightness, makes most of every distance."
    return [
        CardCheck("two_nn", "Directions near an image", "dimension", _number(two_nn), None, "",
                  "pass" if known else "unknown", near),
        CardCheck("participation", "Directions over all", "dimension", _number(participation),
                  None, f"at least {LINE:g}",
                  "caution" if line else "pass" if wide else "unknown", over),
    ]  # fmt: skip


def hubness_check(skew: float, never: float) -> CardCheck:
    """Return whether few images are neighbours of very many."""
    status: Status = "pass" if skew <= HUBS else "caution"
    text = f"{_percent(never)} of images are among the nearest of none"
    text += (
        " and a few of very many (hubs): nearest images are often those; centroids and means are "
        "safer here than neighbours."
        if status == "caution"
        else "; no few images are neighbours of most."
    )
    return CardCheck("hubness", "Hubs", "hubness", _number(skew), None, f"at most {HUBS:g}",
                     status, text, {"never": never})  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _known(ends: tuple[float, float]) -> tuple[float, float] | None:
    return (float(ends[0]), float(ends[1])) if all(map(isfinite, ends)) else None

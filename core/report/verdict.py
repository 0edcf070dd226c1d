"""The verdict: which figures decide, declared before anything is measured, and what they say.

Under the null hypothesis the choice is itself a random one of the pool; then it and the random
choices are exchangeable, and p = (1 + as good or better) / (1 + draws) is at most x with chance at
most x, whatever the figure. The independent grouping decides at 2.5 % to each side; the three
distances, which may contradict it, share another 2.5 % to each side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.report.measure import HIGHER, Measured, standing_of
from core.report.words import about, between, count

Standing = Literal["better", "same", "worse"]
Level = Literal["better", "no better", "worse", "mixed"]

#: The figure that decides, and those that may contradict it.
DECIDES = "independent"
CONTRADICT = ("mean_distance", "q95_distance", "coverage_radius")
#: Chance of a false alarm to each side: of the one that decides, and of the three together.
TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure of the choice stands among those of random choices.

    `beaten` of `draws` random choices are strictly worse, `ahead` strictly better.
    """

    standing: Standing
    p_better: float
    p_worse: float
    beaten: int
    ahead: int
    draws: int

    @property
    def percentile(self) -> float:
        """The share of random choices that are better, in percent; equal ones count half."""
        return 100.0 * (self.ahead + 0.5 * (self.draws - self.ahead - self.beaten)) / self.draws


def tail_of(name: str) -> float:
    """Return the chance of a false alarm to each side that a figure is allowed.

    Figures that describe and do not decide are held to that of one of three as well.
    """
    return TAIL if name in {DECIDES, "covered"} else TAIL / len(CONTRADICT)


def place_of(measured: Measured, name: str) -> Place:
    """Return where a figure stands."""
    random = measured.random[name]
    better, worse, beaten = standing_of(measured.chosen[name], random, higher=name in HIGHER)
    tail = tail_of(name)
    standing: Standing = "better" if better <= tail else "worse" if worse <= tail else "same"
    draws = len(random)
    return Place(standing, better, worse, beaten, 1 + draws - round(worse * (1 + draws)), draws)


def level_of(places: Mapping[str, Place]) -> Level:
    """Return the verdict in one word.

    "better" needs the independent grouping to say so and no distance to say the opposite; "worse"
    likewise; where some say better and others worse, or only a distance says better, it is "mixed".
    """
    decides = places[DECIDES].standing
    others = {places[name].standing for name in CONTRADICT}
    said = others | {decides}
    if "better" in said and "worse" in said:
        return "mixed"
    if decides == "better":
        return "better"
    if "worse" in said:
        return "worse"
    return "mixed" if "better" in others else "no better"


def quick_verdict(coverage: Mapping[str, Any]) -> dict[str, str]:
    """Return what coverage alone says, as long as no report was made: {"level", "sentence"}.

    The independent groups covered are set against the exact mean ± 1.96 standard deviations of
    random choices. A report draws them, and looks at distances too.

    Parameters
    ----------
    coverage
        As `core.report.covering.coverage_of` returns it, with "independent" beside.
    """
    found = coverage["independent"]
    band, reached = found["random"], found["covered"]
    # Half a group is on neither side: counts are whole, the band is not.
    above, below = reached - 0.5 > band["high"], reached + 0.5 < band["low"]
    level = "better" if above else "worse" if below else "no better"
    start = {"better": "Better than", "worse": "Worse than", "no better": "No better than"}[level]
    return {
        "level": level,
        "sentence": f"{start} random on {count(found['clusters'])} independent groups: "
        f"{count(reached)} covered, {about(band['mean'])} by random choices on average "
        f"({between(band, counts=True)} in 95 % of cases).",
    }

"""What a page is told of a check: topics and kinds, cases, lists of them, and counts."""

from dataclasses import dataclass, field
from typing import Any, Literal

from core.quality.pictures import ISSUES

Topic = Literal["duplicates", "outliers", "pictures", "labels"]
State = Literal["open", "decided", "all"]

TOPICS: tuple[Topic, ...] = ("duplicates", "outliers", "pictures", "labels")

#: Levels at which images are copies of each other, the surest first.
LEVELS = ("identical", "pixels", "near", "turned")

#: The kinds of findings of each topic.
KINDS: dict[str, tuple[str, ...]] = {
    "duplicates": LEVELS,
    "outliers": ("outlier",),
    "pictures": tuple(ISSUES),
    "labels": ("label",),
}

#: What a kind is called at the head of a list.
TITLES: dict[str, str] = {
    "identical": "Identical files",
    "pixels": "Identical pixels",
    "near": "Near-duplicates",
    "turned": "Mirrored or turned",
    "outlier": "Outliers",
    "label": "Wrong labels",
    **{name: issue.title for name, issue in ISSUES.items()},
}

#: How sure it is that a group holds copies, the surest first; "" where nothing is said of it.
CONFIDENCES = ("certain", "likely", "possible", "")

#: What became of a case, by its code; the first is open, all others are decided.
STATES = ("", "kept", "out", "part", "relabelled")


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to decide: a group of copies, an outlier, a faulty picture, or a label.

    Attributes
    ----------
    key
        Its name in addresses: "near-12", "outlier-345".
    topic, kind
        One of `TOPICS`, and of `KINDS` of that topic; of a picture with several issues, the worst.
    rows
        The images it is about; of a group, the one to keep first.
    score
        What cases of its kind are listed by: a group's diameter, a percentile, a picture's worst
        score, how well a label suits. NaN where there is none.
    confidence
        One of `CONFIDENCES`.
    state
        "" while it is open; "kept", "out", "part" (of a group, some are out and the others were
        kept), "relabelled".
    keeper
        The image of a group that stays; None for other topics.
    given, proposed
        The label it has, and the one its neighbours propose; None for other topics.
    reason
        Why it is listed, in words.
    detail
        The raw values behind it; see docs/methods.
    """

    key: str
    topic: str
    kind: str
    rows: list[int]
    score: float
    confidence: str
    state: str
    reason: str
    keeper: int | None = None
    given: str | None = None
    proposed: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether nothing was decided about it yet."""
        return self.state == ""


@dataclass(frozen=True, slots=True)
class Worklist:
    """A window of a list of cases: how many there are of its kind, and those in the window.

    `total` is `open` and `decided` together; `cases` are of the state that was asked for, and
    `shown` is how many of that state there are.
    """

    total: int
    open: int
    decided: int
    cases: list[Case]
    shown: int = 0


@dataclass(frozen=True, slots=True)
class TopicLine:
    """How many cases a topic has and what became of them.

    `decided` is `kept`, `out`, `part` and `relabelled` together. `kinds` gives those found and
    those open for each kind; a picture with two issues counts once above and in both kinds here.
    `unsuited` says of picture issues why their threshold does not suit the set; their pictures are
    not among the cases. `notice` says what the check could not do.
    """

    found: int
    open: int
    decided: int
    kept: int
    out: int
    relabelled: int
    kinds: dict[str, tuple[int, int]]
    unsuited: dict[str, str] = field(default_factory=dict)
    notice: str = ""
    part: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """Every topic that was checked, and the set before and after the decisions, in words.

    `acted` tells that there is an after: an image was left out, a label changed or a case decided.
    """

    topics: dict[str, TopicLine]
    before: str
    after: str
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What deciding many cases at once would do; unpacks as (cases, images, sentence)."""

    cases: int
    images: int
    sentence: str

    def __iter__(self) -> Any:
        return iter((self.cases, self.images, self.sentence))

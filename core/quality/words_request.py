"""What the job "label" is asked when labels are to be told by words: its JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.encoders.prompts import templates_of, words_of
from core.errors import InputError
from core.quality.label_request import LabelRequest
from core.quality.zero_shot import LEAST

#: Most labels, and most words of all of them together.
MOST_LABELS, MOST_TEXTS = 1000, 5000


@dataclass(frozen=True, slots=True)
class WordsRequest:
    """Labels to propose by words; the JSON form of a job's request.

    Attributes
    ----------
    name
        A set, or a part as `<set>/<key>`.
    labels
        Each label with the words for it; a label without words is its own word. Without any, the
        labels that the column holds.
    others
        Words for what should get no label.
    templates
        Names of sets of templates, and own ones that hold `{}`.
    column, pool, precision, seed
        As in `LabelRequest`.
    least
        Confidence that is enough where too few labels are known to learn it, 0 to 1.
    """

    name: str
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    others: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    column: str | None = None
    pool: str = "all"
    precision: float = 0.95
    least: float = LEAST
    seed: int = 0
    do: str = "words"

    def __post_init__(self) -> None:
        """Check what can be checked without the workspace."""
        self.base()
        if self.do != "words":
            raise InputError(f"do {self.do!r:.40}: labels are told by “words”")
        if len(self.labels) > MOST_LABELS:
            raise InputError(f"labels: at most {MOST_LABELS:,}, not {len(self.labels):,}")
        names = [label for label, _ in self.labels]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"labels: {twice!r} is given twice; put its words on one line")
        texts = sum(len(words) for _, words in self.labels) + len(self.others)
        if texts > MOST_TEXTS:
            raise InputError(f"labels: at most {MOST_TEXTS:,} words in all, not {texts:,}")
        if self.labels and len(self.labels) + len(self.others) < 2:
            raise InputError(
                "labels: one label has nothing to be told from; name another, or words for others"
            )
        plain = isinstance(self.least, int | float) and not isinstance(self.least, bool)
        if not (plain and 0 < self.least <= 1):
            raise InputError(f"least {self.least!r:.40}: a number above 0, up to 1")
        templates_of(self.templates)

    def base(self) -> LabelRequest:
        """Return what is asked of the set, its labels and its pool."""
        return LabelRequest(
            self.name, "propagate", column=self.column, pool=self.pool,
            precision=self.precision, seed=self.seed,
        )  # fmt: skip

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "WordsRequest":
        """Build a request from a job's JSON; unknown and missing fields are refused by name."""
        unknown = sorted(set(value) - set(cls.__slots__))
        if unknown:
            raise InputError(f"unknown field {unknown[0]!r} in the request of labels by words")
        if not isinstance(value.get("name"), str):
            raise InputError("name is missing in the request of labels by words")
        given = dict(value)
        given["labels"] = tuple(_label(one) for one in given.get("labels") or ())
        given["others"] = tuple(words_of(given.get("others"), "others"))
        given["templates"] = tuple(given.get("templates") or ())
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        labels = [[label, list(words)] for label, words in self.labels]
        return asdict(self) | {"labels": labels, "others": list(self.others),
                               "templates": list(self.templates)}  # fmt: skip


def _label(given: Any) -> tuple[str, tuple[str, ...]]:
    """Return a label with its words, from its JSON."""
    pair = isinstance(given, list | tuple) and len(given) == 2
    if not pair or not isinstance(given[0], str) or not given[0].strip():
        raise InputError("labels: needs a list of [label, [words]]")
    label = given[0].strip()
    return label, tuple(words_of(given[1], f"words of {label[:40]!r}"))


def labels_in(lines: Sequence[str], mark: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return labels with their words from lines `label`, or `label<mark> words, words`.

    A label without words is its own word, with its underscores as spaces.

    Raises
    ------
    InputError
        A line has no label.
    """
    found = []
    for line in lines:
        if not line.strip():
            continue
        label, _, text = line.partition(mark)
        if not label.strip():
            raise InputError(f"labels: no label stands before {mark!r} in {line[:40]!r}")
        words = [word for word in text.split(",") if word.strip()]
        found.append((label.strip(), tuple(words_of(words, f"words of {label.strip()[:40]!r}"))))
    return tuple(found)


def own_words(label: str) -> tuple[str, ...]:
    """Return the words of a label that was given none."""
    return (label.replace("_", " "),)

"""What a person can do to a set, and what each act needs before it may be written."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from core.errors import InputError

NAME_LENGTH = 80
LABEL_LENGTH = 200
REASON_LENGTH = 500
HOW_LENGTH = 2000
#: Most themes in one merge, and parts in one split.
MERGED = 1000
#: Most labels in one act.
LABELS = 10_000

#: The decisions about an item, and those that take it out of the working set.
DECISIONS = ("include", "exclude", "keep", "drop")
OUT = ("exclude", "drop")

#: What a person looked at when deciding, where the act tells it.
TOPICS = ("duplicates", "outliers", "pictures", "labels")


def _is_plain(text: str) -> bool:
    """Tell whether a text has no control characters, line breaks or halves of characters."""
    return not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text)


def stored(name: str) -> str:
    """Return a name as it is stored: its letters composed, without spaces around it."""
    return unicodedata.normalize("NFC", name).strip()


def _text(value: Any, what: str, limit: int, *, empty: bool) -> str:
    """Return a text as it is stored: normalised, without spaces around it."""
    if not isinstance(value, str):
        raise InputError(f"{what}: must be text, not {type(value).__name__}")
    text = stored(value)
    if not text and not empty:
        raise InputError(f"{what} is empty: type one of 1 to {limit} characters")
    if len(text) > limit:
        raise InputError(f"{what} has {len(text)} characters: use {limit} at most")
    if not _is_plain(text):
        raise InputError(f"{what} {text!r}: control characters and line breaks cannot be in it")
    return text


def slice_name(value: Any) -> str:
    """Return a slice's name if it can be one, else raise `InputError`."""
    name = _text(value, "slice name", NAME_LENGTH, empty=False)
    if name.startswith(":"):  # ":working" and ":excluded" in addresses of pages
        raise InputError(f"slice name {name!r}: it cannot begin with a colon")
    return name


def label_text(value: Any) -> str:
    """Return a label if it can be one ("" is none), else raise `InputError`."""
    return _text(value, "label", LABEL_LENGTH, empty=True)


def _theme_name(value: Any) -> str:
    return _text(value, "theme name", NAME_LENGTH, empty=True)


def _one_line(what: str, limit: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        plain = " ".join(value.split()) if isinstance(value, str) else value
        return _text(plain, what, limit, empty=True)

    return check


def _key(value: Any) -> str:
    return _text(value, "clustering", NAME_LENGTH, empty=False)


def _cluster(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 0:
        raise InputError(f"cluster {value!r}: must be a theme's number, 0 or more")
    return int(value)


def _clusters(value: Any) -> list[int]:
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise InputError("clusters: must be a list of themes' numbers")
    found = sorted({_cluster(one) for one in value})
    if not 2 <= len(found) <= MERGED:
        raise InputError(f"merging needs 2 to {MERGED} different themes, not {len(found)}")
    return found


def _sizes(value: Any) -> list[int]:
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise InputError("sizes: must be a list of the parts' numbers of items")
    found = list(value)
    if any(isinstance(one, bool) or not hasattr(one, "__index__") or one < 1 for one in found):
        raise InputError("sizes: every part needs 1 item or more")
    return [int(one) for one in found]


def _parts(value: Any) -> list[int]:
    found = _sizes(value)
    if not 2 <= len(found) <= MERGED:
        raise InputError(f"splitting makes 2 to {MERGED} parts, not {len(found)}")
    return found


def _labels(value: Any) -> list[str]:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise InputError("labels: must be a list of texts")
    found = [label_text(one) for one in value]
    if not 1 <= len(found) <= LABELS:
        raise InputError(f"labels: one act gives 1 to {LABELS:,} labels, not {len(found):,}")
    seen: set[str] = set()
    for one in found:
        if one in seen:
            raise InputError(f"labels: {one!r} comes twice; each label has one part")
        seen.add(one)
    return found


def _box(value: Any) -> list[float]:
    """Return x, y, width and height as JSON keeps them, else raise `InputError`."""
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise InputError("box: must be a list of x, y, width and height")
    found = list(value)
    if len(found) != 4 or any(isinstance(v, bool) or not hasattr(v, "__float__") for v in found):
        raise InputError("box: must be the four numbers x, y, width and height")
    sides = [round(float(v), 3) for v in found]
    if not all(map(isfinite, sides)) or sides[2] <= 0 or sides[3] <= 0:
        raise InputError("box: its width and height must be above 0, and all four numbers finite")
    return sides


def _item(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise InputError("to: must be the id of an item, 64 hex digits")
    return value


def check_topic(value: Any) -> str:
    """Return what a decision is about if it can be, else raise `InputError`."""
    if value not in TOPICS:
        raise InputError(f"about {value!r}: use one of {', '.join(TOPICS)}")
    return str(value)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Fields an act must and may have, and whether it is about items."""

    needed: Mapping[str, Callable[[Any], Any]]
    may: Mapping[str, Callable[[Any], Any]]
    items: bool


_REASON = {"reason": _one_line("reason", REASON_LENGTH)}
_HOW = {"how": _one_line("how it was chosen", HOW_LENGTH)}
_ABOUT = {"about": check_topic} | _REASON
_NAME = {"name": slice_name}
_RULES = {
    "slice.create": _Rule(_NAME, _HOW | _REASON, True),
    "slice.set": _Rule(_NAME, _HOW | _REASON, True),
    "slice.add": _Rule(_NAME, _HOW | _REASON, True),
    "slice.remove": _Rule(_NAME, _HOW | _REASON, True),
    "slice.rename": _Rule({"name": slice_name, "to": slice_name}, _REASON, False),
    "slice.delete": _Rule(_NAME, _REASON, False),
    **{kind: _Rule({}, _ABOUT, True) for kind in DECISIONS},
    "relabel": _Rule({"label": label_text}, _ABOUT, True),
    "relabel.each": _Rule({"labels": _labels, "sizes": _sizes}, _ABOUT, True),
    "box": _Rule({"box": _box, "region": _box, "to": _item}, _REASON, True),
    "theme.rename": _Rule(
        {"clustering": _key, "cluster": _cluster, "to": _theme_name}, _REASON, False
    ),
    "theme.merge": _Rule(
        {"clustering": _key, "clusters": _clusters}, {"to": _theme_name} | _REASON, False
    ),
    "theme.split": _Rule({"clustering": _key, "cluster": _cluster, "sizes": _parts}, _REASON, True),
}

#: The kinds of acts, and those whose items are in an order: one part after another.
ACTS = tuple(_RULES)
IN_PARTS = ("theme.split", "relabel.each")


def check_act(kind: str, fields: Mapping[str, Any], count: int | None) -> dict[str, Any]:
    """Return an act's fields as they are stored; empty optional ones are left out.

    Parameters
    ----------
    kind
        One of `ACTS`.
    fields
        As a page gives them; None means not given.
    count
        Number of items it is about; None where no rows were given.

    Raises
    ------
    InputError
        Unknown kind or field, a field missing or unusable, no rows where some are needed.
    """
    rule = _RULES.get(kind)
    if rule is None:
        raise InputError(f"act {kind!r} is unknown: use one of {', '.join(ACTS)}")
    given = {name: value for name, value in fields.items() if value is not None}
    unknown = given.keys() - rule.needed.keys() - rule.may.keys()
    if unknown:
        raise InputError(f"{kind}: unknown field {sorted(unknown)[0]!r}")
    for name in rule.needed:
        if name not in given:
            raise InputError(f"{kind}: {name} is missing")
    if rule.items and not count:
        raise InputError("nothing is selected: select at least one image first")
    if not rule.items and count is not None:
        raise InputError(f"{kind}: takes no rows")
    found = {name: check(given[name]) for name, check in rule.needed.items()}
    if kind in IN_PARTS:
        _check_parts(kind, found, count)
    if kind == "box" and count != 1:
        raise InputError(f"box: is about one object, not {count}")
    optional = {name: check(given[name]) for name, check in rule.may.items() if name in given}
    return found | {name: value for name, value in optional.items() if value}


def _check_parts(kind: str, found: Mapping[str, Any], count: int | None) -> None:
    """Refuse parts that are not those of the items, or of the labels."""
    sizes = found["sizes"]
    if sum(sizes) != count:
        raise InputError(f"{kind}: sizes add up to {sum(sizes)}, not to {count} items")
    labels = found.get("labels")
    if labels is not None and len(labels) != len(sizes):
        raise InputError(f"{kind}: {len(labels)} labels and {len(sizes)} sizes; give one each")

"""Words of the paragraph of methods, and how it looks into what a comparison tells of itself."""

from collections.abc import Mapping, Sequence
from typing import Any

Meta = Mapping[str, Any]


def count(number: int, noun: str) -> str:
    """Return a number of things: "1 image", "2,000 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def joined(words: Sequence[str]) -> str:
    """Return words as a list: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def done(meta: Meta, *names: str) -> list[Mapping[str, Any]]:
    """Return the tests of some names that have an answer."""
    return [
        test
        for test in meta.get("tests") or ()
        if test.get("name") in names and test.get("status") == "ok"
    ]


def asked(meta: Meta, field: str) -> Any:
    """Return a field of the request."""
    return (meta.get("request") or {}).get(field)

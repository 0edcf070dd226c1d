"""What a query asks for, as it is kept: each example once, in an order that two people agree on."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.encoders.prompts import templates_of, words_of
from core.errors import InputError
from core.library import OpenSet
from core.search.words import need_text

#: Examples that one query may have.
MAX_EXAMPLES = 256


def checked(
    opened: OpenSet,
    positives: Sequence[int] = (),
    negatives: Sequence[int] = (),
    pictures: Sequence[str] = (),
    words: Sequence[str] = (),
    unwords: Sequence[str] = (),
    templates: Sequence[str] | str | None = None,
    every: bool = False,
) -> dict[str, Any]:
    """Return examples as a query keeps them; what a query has none of is left out but for rows.

    Raises
    ------
    InputError
        There is nothing to be like, too much, one example on both sides, or there are words for
        an encoder without a text tower.
    NotFoundError
        The set has no such row.
    """
    like = sorted({opened.check_row(int(row)) for row in positives})
    unlike = sorted({opened.check_row(int(row)) for row in negatives})
    shown = sorted(set(pictures))
    said, unsaid = words_of(words, "words"), words_of(unwords, "words to be unlike")
    _one_side(like, unlike, said, unsaid, shown)
    if len(like) + len(unlike) + len(shown) + len(said) + len(unsaid) > MAX_EXAMPLES:
        raise InputError(f"a search takes at most {MAX_EXAMPLES} examples; leave some out")
    found: dict[str, Any] = {"positives": like, "negatives": unlike, "pictures": shown}
    if said or unsaid:
        need_text(opened.spec, opened.name)
        found |= {"words": said, "unwords": unsaid, "templates": list(templates_of(templates))}
    if every and len(like) + len(shown) + len(said) > 1:
        found["every"] = True
    return found


def _one_side(
    like: list[int], unlike: list[int], said: list[str], unsaid: list[str], shown: list[str]
) -> None:
    """Check that there is something to be like, and that nothing is on both sides."""
    if not like and not shown and not said:
        wanted = " besides what to be unlike" if unlike or unsaid else ""
        raise InputError(f"a search needs at least one image, picture or word to be like{wanted}")
    both = sorted(set(like) & set(unlike))
    if both:
        raise InputError(f"item {both[0]} cannot be both what to be like and what to be unlike")
    twice = sorted(set(said) & set(unsaid))
    if twice:
        raise InputError(f"{twice[0]!r} cannot be both what to show and what not to show")


def is_mixed(meta: Mapping[str, Any]) -> bool:
    """Tell whether a query's examples must be put on one scale first."""
    return bool(meta.get("words") or meta.get("unwords") or meta.get("every"))

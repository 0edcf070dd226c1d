"""Words into prompts: what stands around a word before a text tower reads it.

Contrastive encoders were trained on captions, so "a photo of a dog." lies nearer to pictures of
dogs than "dog" does, and the mean over several captions nearer still (Radford et al. 2021,
section 3.1.4).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.errors import InputError
from core.model import EncoderSpec

#: Where the word goes.
HOLE = "{}"

#: Sets of templates by name; the first is the default.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "photo": ("a photo of a {}.",),
    "plain": ("{}",),
    "photos": (
        "itap of a {}.",
        "a bad photo of the {}.",
        "a origami {}.",
        "a photo of the large {}.",
        "a {} in a video game.",
        "art of the {}.",
        "a photo of the small {}.",
    ),
    "species": (
        "a photo of {}.",
        "a photo of {}, a type of animal or plant.",
        "a close-up photo of {}.",
    ),
    "object": (
        "a photo of a {}.",
        "a cropped photo of a {}.",
        "a close-up photo of a {}.",
        "a photo of the {}.",
        "a picture of a single {}.",
    ),
    "satellite": (
        "a satellite photo of {}.",
        "an aerial photo of {}.",
        "a centered satellite photo of {}.",
    ),
    "micrograph": (
        "a micrograph of {}.",
        "a microscopy image of {}.",
        "a histology slide showing {}.",
    ),
}

DEFAULT = "photo"

#: What the sets are called on pages.
TITLES = {
    "photo": "a photo of a …",
    "plain": "the words alone",
    "photos": "seven kinds of photo",
    "species": "a species",
    "object": "an object, near and far",
    "satellite": "from above",
    "micrograph": "under a microscope",
}

#: Longest text and template, and most templates and words of a query.
MOST_CHARACTERS, MOST_TEMPLATES, MOST_WORDS = 500, 100, 64


def has_text(spec: EncoderSpec) -> bool:
    """Tell whether an encoder has a text tower: whether words can be put among its vectors."""
    return bool(spec.extra.get("text"))


def templates_of(given: Sequence[str] | str | None) -> tuple[str, ...]:
    """Return templates: those of a set by its name, or own ones that hold `{}`.

    Parameters
    ----------
    given
        Names of sets and own templates, mixed; None and empty are the default set.

    Raises
    ------
    InputError
        A name is none, an own template has not exactly one `{}`, or there are too many.
    """
    wanted = [given] if isinstance(given, str) else list(given or ())
    found: list[str] = []
    for one in [text.strip() for text in wanted if text.strip()] or [DEFAULT]:
        found += TEMPLATES.get(one) or [_own(one)]
    kept = tuple(dict.fromkeys(found))
    if len(kept) > MOST_TEMPLATES:
        raise InputError(f"template: at most {MOST_TEMPLATES} at once, not {len(kept)}")
    return kept


def _own(template: str) -> str:
    if template.count(HOLE) != 1:
        raise InputError(
            f"template {template[:60]!r}: use {', '.join(TEMPLATES)}, or a text of your own with "
            "{} once, where the word goes"
        )
    if len(template) > MOST_CHARACTERS:
        raise InputError(f"template: at most {MOST_CHARACTERS} characters, not {len(template)}")
    return template


def name_of(templates: Sequence[str]) -> str | None:
    """Return the name of the set that templates are; None for own ones."""
    return next((name for name, held in TEMPLATES.items() if held == tuple(templates)), None)


def words_of(given: Any, what: str = "text") -> list[str]:
    """Return words as a query keeps them: spaces made single, each once, in the order given.

    Raises
    ------
    InputError
        One is no text, empty or too long, or there are too many.
    """
    values = [given] if isinstance(given, str) else list(given or ())
    if not all(isinstance(value, str) for value in values):
        raise InputError(f"{what}: needs a list of texts")
    found = list(dict.fromkeys(" ".join(value.split()) for value in values))
    if "" in found:
        raise InputError(f"{what}: a text is empty; write what to look for")
    longest = max((len(text) for text in found), default=0)
    if longest > MOST_CHARACTERS:
        raise InputError(f"{what}: at most {MOST_CHARACTERS} characters, not {longest}")
    if len(found) > MOST_WORDS:
        raise InputError(f"{what}: at most {MOST_WORDS} at once, not {len(found)}")
    return found


def filled(word: str, templates: Sequence[str]) -> list[str]:
    """Return a word in each template."""
    return [template.replace(HOLE, word) for template in templates]


def mean_direction(vectors: np.ndarray) -> np.ndarray:
    """Return the direction `(d,)` float64 of unit length that is the mean of vectors' directions.

    Raises
    ------
    InputError
        They cancel out, or one has no direction.
    """
    wide = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    if not np.isfinite(wide).all() or (lengths == 0).any():
        raise InputError("the encoder finds nothing in this text to compare")
    mean = (wide / lengths).mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise InputError("the templates of this text cancel each other out; use fewer")
    found: np.ndarray = mean / length
    return found

"""Encoders: what turns a picture into a vector.

`pixels` and `colour-texture` need no weights; `timm:<name>` is any model of timm. Importing this
package loads none of the libraries behind them.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from core.encoders import pixels, texture
from core.encoders.base import Encoder, parse_name, suggest
from core.encoders.fitted.names import OPTIONS as FITTED_OPTIONS
from core.encoders.own.families import FAMILIES as OWN_FAMILIES
from core.encoders.own.families import OPTIONS as OWN_OPTIONS
from core.encoders.timm.models import OPTIONS as TIMM_OPTIONS
from core.errors import EncoderUnavailableError
from core.model import EncoderSpec

__all__ = ["ENCODERS", "Encoder", "Listing", "describe", "open_encoder"]


#: Families of encoders: modules with `describe(name, memo)` and `open_named(name, memo, device)`.
_FAMILIES = {
    "timm": "core.encoders.timm.models",
    "open_clip": "core.encoders.open_clip.models",
    "ensemble": "core.encoders.fitted.encoder",
    "residual": "core.encoders.fitted.encoder",
    "tuned": "core.encoders.tuned",
    **dict.fromkeys(OWN_FAMILIES, "core.encoders.own.families"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of the list of encoders: how it is named, and what it is for."""

    name: str
    title: str
    good_for: str
    options: tuple[str, ...] = ()
    needs_weights: bool = False


ENCODERS: tuple[Listing, ...] = (
    Listing(
        "pixels",
        "Pixels",
        "Small aligned pictures: digits, glyphs, sprites. Needs no weights.",
        pixels.OPTIONS,
    ),
    Listing(
        "colour-texture",
        "Colour and texture",
        "Colour and surface by hand-made statistics. Needs no weights.",
    ),
    Listing(
        "timm:<name>",
        "A timm model from the hub",
        "What the model was trained for; needs its weights once, from the network or its cache.",
        TIMM_OPTIONS,
        True,
    ),
    Listing(
        "timm:local-dir:<folder>",
        "A timm model from a folder",
        "A folder with config.json and model.safetensors; needs no network.",
        TIMM_OPTIONS,
        True,
    ),
    Listing(
        "python:<module>:<function>",
        "A function of your own",
        "What you made it for; registered once from the command line.",
        (*OWN_OPTIONS, "path", "takes", "files"),
    ),
    Listing(
        "onnx:<file>",
        "An ONNX file",
        "What it was trained for; checked when it is first opened.",
        (*OWN_OPTIONS, "output", "pool"),
        True,
    ),
    Listing(
        "torchscript:<file>",
        "A TorchScript program",
        "What it was trained for; checked when it is first opened.",
        (*OWN_OPTIONS, "output", "pool"),
        True,
    ),
    Listing(
        "exported:<file>",
        "An exported program",
        "What it was trained for; checked when it is first opened.",
        (*OWN_OPTIONS, "output", "pool"),
        True,
    ),
    Listing(
        "tuned:<name>",
        "Tuned to your images",
        "Visual likeness of images such as yours; made by tune.",
        TIMM_OPTIONS,
        True,
    ),
    Listing(
        "ensemble:<a>+<b>",
        "Several encoders together",
        "What each of them is good for; its vectors are joined from theirs, and fitted on a set.",
        FITTED_OPTIONS["ensemble"],
    ),
    Listing(
        "residual:<a>?columns=<column>",
        "An encoder without what columns tell",
        "Sets in which a batch, a camera or a site shows; fitted on a set that has the columns.",
        FITTED_OPTIONS["residual"],
    ),
    Listing(
        "open_clip:<model>:<weights>",
        "A contrastive model, for search by words",
        "Meaning, as a caption would put it; its text tower finds pictures by words.",
        ("size",),
        True,
    ),
    Listing(
        "open_clip:local-dir:<folder>",
        "A contrastive model from a folder",
        "A folder with open_clip_config.json and open_clip_model.safetensors; needs no network.",
        ("size",),
        True,
    ),
)


def describe(name: str, *, memo: Path | None = None) -> EncoderSpec | None:
    """Return what an encoder is without loading it.

    Parameters
    ----------
    name
        An encoder's name with its options.
    memo
        The folder where `open_encoder` remembered what it learned from loading models.

    Returns
    -------
    EncoderSpec or None
        None where only loading the model can tell: a timm model that was not opened before with
        this memo, these weights and this version of timm. Never imports torch.

    Raises
    ------
    EncoderUnavailableError
        The name, an option, a folder or a checkpoint file is not one there is.
    """
    parsed = parse_name(name)
    if parsed.base == "pixels":
        return pixels.describe(parsed)
    if parsed.base == "colour-texture":
        return texture.describe(parsed)
    family = _family(parsed.base)
    if family is not None:
        return cast(EncoderSpec | None, family.describe(parsed, memo))
    known = [listing.name for listing in ENCODERS]
    hint = suggest(parsed.base, ["pixels", "colour-texture", f"timm:{parsed.base}"])
    raise EncoderUnavailableError(
        f"no encoder is named {name!r}{hint}; there are {', '.join(known)}"
    )


def open_encoder(name: str, *, memo: Path | None = None, device: str = "auto") -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    name
        An encoder's name with its options.
    memo
        A folder in which to remember what loading taught, for `describe`.
    device
        auto, cpu, cuda or mps; auto takes the first there is of cuda, mps and cpu.

    Raises
    ------
    EncoderUnavailableError
        Unknown name or option, missing or unfitting weights, a hub out of reach, no such device.
    """
    parsed = parse_name(name)
    if parsed.base == "pixels":
        return pixels.PixelsEncoder(parsed)
    if parsed.base == "colour-texture":
        return texture.ColourTextureEncoder(parsed)
    describe(name, memo=memo)
    return cast(Encoder, _family(parsed.base).open_named(parsed, memo, device))


def _family(base: str) -> Any:
    """Return the module that opens encoders named `family:…`; None if there is none."""
    family, colon, _ = base.partition(":")
    return import_module(_FAMILIES[family]) if colon and family in _FAMILIES else None

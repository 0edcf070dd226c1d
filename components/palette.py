"""The colours of maps and charts: 256 for every kind of colouring, in a light and a dark form.

No palette separates a hundred groups. Ten hues stand for the groups in focus, the others get
muted tones, and labels on the map carry identity. The ten were found by a search for the largest
least OKLab distance under normal sight, protanopia, deuteranopia and tritanopia (Machado et al.
2009, doi:10.1109/TVCG.2009.113), each with a contrast of 3 : 1 or more to its ground.
Scores are shown in viridis or cividis (doi:10.1371/journal.pone.0199239).
"""

import colorsys
from collections.abc import Sequence

#: Hues of the groups in focus, the most important first; same place, same group in both themes.
HUES_LIGHT = (
    "#2f74b9", "#9e4c21", "#7c9e16", "#cc759b", "#0f9ccc",
    "#9b0033", "#579460", "#494bd5", "#7f2478", "#6736a4",
)  # fmt: skip
HUES_DARK = (
    "#3188fe", "#ba7025", "#9bcf32", "#e95b80", "#40c8fd",
    "#ee8e7e", "#41f888", "#8070cb", "#ce3d9d", "#b587cf",
)  # fmt: skip

#: Colour codes with a meaning of their own (see core/columns.py).
MISSING = 0
OTHER = 255

_GROUND = {False: "#ffffff", True: "#1b2024"}
_GREY = {False: "#b4bac1", True: "#5b626b"}
_OTHER = {False: "#9a8f84", True: "#8b8178"}

#: Ten evenly spaced values of each scale, as published.
_SCALES = {
    "viridis": (
        "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
        "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
    ),
    "cividis": (
        "#00224e", "#123570", "#3b496c", "#575d6d", "#707173",
        "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838",
    ),
}  # fmt: skip

#: The part of a scale that stands out from the ground.
_SHOWN = {False: (0.0, 0.9), True: (0.2, 1.0)}


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0..255, of "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(first: str, second: str) -> float:
    """Return the WCAG 2 contrast ratio of two colours, 1..21."""

    def luminance(colour: str) -> float:
        parts = [c / 255 for c in rgb(colour)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ground(*, dark: bool = False) -> str:
    """Return the colour that points are drawn on."""
    return _GROUND[dark]


def dimmed(*, dark: bool = False) -> str:
    """Return the colour that points outside a selection fade to."""
    return "#2d343a" if dark else "#e3e5e6"


def category_palette(
    n: int = 40, *, focus: Sequence[int] | None = None, dark: bool = False
) -> list[str]:
    """Return 256 colours for the codes of a category.

    Parameters
    ----------
    n
        Number of named categories, codes 1..n.
    focus
        Codes that get the ten hues, the most important first; the first ten codes, which are the
        largest categories, if None. Codes past the tenth get muted tones.
    dark
        For a dark ground.

    Returns
    -------
    list of str
        "#rrggbb" by code: 0 (missing, noise) is grey, 255 (all other categories) grey-brown.
    """
    hues = HUES_DARK if dark else HUES_LIGHT
    colours = [_GREY[dark]] + [_muted(code, dark) for code in range(1, OTHER)] + [_OTHER[dark]]
    focused = range(1, min(n, len(hues)) + 1) if focus is None else focus
    for code, hue in zip(focused, hues, strict=False):
        colours[code] = hue
    return colours


def _muted(code: int, dark: bool) -> str:
    """Return a tone of little colour; neighbouring codes lie far apart on the colour circle."""
    hue = (code * 0.618034) % 1.0
    lightness = (0.60, 0.54, 0.66)[code % 3] if dark else (0.56, 0.62, 0.50)[code % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.2)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def number_palette(name: str = "viridis", *, dark: bool = False) -> list[str]:
    """Return 256 colours for scaled numbers: code 0 (missing) is grey, 1..255 run low to high.

    The end of the scale that would vanish into the ground is left out.

    Raises
    ------
    ValueError
        The scale is neither "viridis" nor "cividis".
    """
    if name not in _SCALES:
        raise ValueError(f"no colour scale {name!r}: use one of {', '.join(_SCALES)}")
    stops = [rgb(colour) for colour in _SCALES[name]]
    start, end = _SHOWN[dark]
    colours = [_GREY[dark]]
    for code in range(1, 256):
        place = (start + (end - start) * (code - 1) / 254) * (len(stops) - 1)
        left = min(int(place), len(stops) - 2)
        part = place - left
        mixed = (
            round(a + (b - a) * part) for a, b in zip(stops[left], stops[left + 1], strict=True)
        )
        colours.append("#{:02x}{:02x}{:02x}".format(*mixed))
    return colours


def palette_for(kind: str, *, dark: bool = False) -> list[str]:
    """Return the palette of a colouring's kind, "category" or "number"."""
    return number_palette(dark=dark) if kind == "number" else category_palette(dark=dark)

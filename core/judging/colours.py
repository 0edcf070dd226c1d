"""What a colour is called: a few plain words, by its lightness, chroma and hue in CIE Lab."""

from math import atan2, degrees, hypot

#: Chroma below which a colour is a grey.
GREY = 12.0
#: Greys by the lightness that they end at.
_GREYS = ((15, "black"), (40, "dark grey"), (67, "grey"), (90, "light grey"), (101, "white"))
#: Hues by the angle in degrees that they end at; those of dark orange and dark yellow have names.
_HUES = ((50, "red"), (80, "orange"), (118, "yellow"), (165, "green"), (225, "teal"),
         (312, "blue"), (350, "purple"), (361, "red"))  # fmt: skip
_DEEP = {"orange": ("brown", 62), "yellow": ("olive", 72)}
#: Lightness of pink, below which a colour is dark, and above which a pale one is light.
_PINK, _DARK, _LIGHT, _PALE = 62, 30, 78, 60


def colour_word(red: float, green: float, blue: float) -> str:
    """Return what a colour is called.

    Parameters
    ----------
    red, green, blue
        Of sRGB, 0 to 255.

    >>> colour_word(34, 34, 34), colour_word(101, 106, 65), colour_word(135, 206, 235)
    ('black', 'olive', 'light blue')
    """
    lightness, a, b = _lab(red, green, blue)
    chroma = hypot(a, b)
    if chroma < GREY:
        return next(word for end, word in _GREYS if lightness < end)
    angle = degrees(atan2(b, a)) % 360
    hue = next(word for end, word in _HUES if angle < end)
    if hue in _DEEP and lightness < _DEEP[hue][1]:
        hue = _DEEP[hue][0]
    if hue == "red" and lightness > _PINK:
        return "pink"
    if lightness < _DARK:
        return f"dark {hue}"
    return f"light {hue}" if lightness > _LIGHT and chroma < _PALE else hue


def _lab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Return a colour of sRGB in CIE Lab, white D65 (IEC 61966-2-1; CIE 15:2004)."""
    r, g, b = (_linear(one / 255) for one in (red, green, blue))
    x = _bent((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
    y = _bent(0.2126729 * r + 0.7151522 * g + 0.0721750 * b)
    z = _bent((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _linear(share: float) -> float:
    linear: float = share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
    return linear


def _bent(share: float) -> float:
    bent: float = share ** (1 / 3) if share > 216 / 24389 else (24389 / 27 * share + 16) / 116
    return bent

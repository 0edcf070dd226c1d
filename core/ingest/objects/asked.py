"""What a source of objects names: the annotations, where their pictures are, how to cut."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from core.errors import InputError
from core.imaging.files import reason_of_os_error
from core.ingest.folders import printable

CUTS = ("box", "mask")
#: Most context: a box as wide again on each side.
MOST_CONTEXT = 4.0
SCHEMES = ("coco", "voc", "yolo", "boxes", "masks")
#: Options that one form takes beyond images, cut and context.
_OWN: dict[str, Mapping[str, tuple[str, ...]]] = {
    "boxes": {"form": ("auto", "xyxy", "xywh", "cxcywh"), "unit": ("auto", "pixels", "share")},
    "masks": {"per": ("auto", "value", "part", "file")},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A source of objects.

    Attributes
    ----------
    scheme
        coco, voc, yolo, boxes or masks.
    place
        The file or folder of annotations, absolute.
    images
        The folder of the pictures, absolute; None looks for it beside the annotations.
    cut
        "box" crops each object, "mask" also cuts it out by its outline.
    context
        Share of a box's sides that is left around it, on each side.
    own
        Options of the form.
    """

    scheme: str
    place: Path
    images: Path | None = None
    cut: str = "box"
    context: float = 0.0
    own: Mapping[str, str] = field(default_factory=dict)


def is_of_objects(source: str) -> bool:
    """Tell whether a source's items are objects in pictures."""
    return source.partition(":")[0] in SCHEMES and ":" in source


def parse(source: str) -> Asked:
    """Return what a source such as `coco:boxes.json?images=pictures&context=0.1` asks for.

    What a name would have of `?`, `&` or `%` is written as %3F, %26 and %25, unless the whole is
    the name of a file or folder that is there.

    Raises
    ------
    InputError
        An option is unknown or cannot be used, or a place is not there; the message names it.
    """
    scheme, _, rest = source.partition(":")
    if scheme not in SCHEMES:
        raise InputError(f"{scheme[:20]!r} names no objects: use one of {', '.join(SCHEMES)}")
    if _exists(Path(rest).expanduser()):
        return Asked(scheme, _place(rest, scheme))
    place, _, query = rest.partition("?")
    given: dict[str, str] = {}
    for option in filter(None, query.split("&")):
        name, equals, value = option.partition("=")
        if not equals or name in given:
            raise InputError(f"{scheme}: option {option[:60]!r}: write each once, as name=value")
        given[name] = unquote(value)
    known = {"images", "cut", "context", *_OWN.get(scheme, {})}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise InputError(
            f"{scheme}: unknown option {unknown[0][:40]!r}; its options are "
            f"{', '.join(sorted(known))}"
        )
    own = {name: _choice(scheme, name, given[name]) for name in _OWN.get(scheme, {})
           if name in given}  # fmt: skip
    images = _place(given["images"], "images") if given.get("images") else None
    if images is not None and not images.is_dir():
        raise InputError(f"{scheme}: images={printable(given['images'])}: is no folder")
    cut = given.get("cut", "mask" if scheme == "masks" else "box")
    if cut not in CUTS:
        raise InputError(f"{scheme}: cut={cut[:20]}: use box or mask")
    return Asked(scheme, _place(unquote(place), scheme), images, cut,
                 _context(scheme, given.get("context", "0")), own)  # fmt: skip


def _context(scheme: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST_CONTEXT:
        raise InputError(
            f"{scheme}: context={text[:20]}: a share of the box's sides, 0 to {MOST_CONTEXT:g}"
        )
    return value


def _choice(scheme: str, name: str, value: str) -> str:
    among = _OWN[scheme][name]
    if value not in among:
        raise InputError(f"{scheme}: {name}={value[:20]}: use one of {', '.join(among)}")
    return value


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _place(text: str, what: str) -> Path:
    if not text.strip():
        raise InputError(f"{what}: name a file or a folder behind the colon")
    try:
        return Path(text).expanduser().resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        reason = reason_of_os_error(error) if isinstance(error, OSError) else "not a usable path"
        raise InputError(f"{what}: {printable(text)}: {reason}") from error


def annotations_of(source: str) -> str:
    """Return the file or folder of annotations that a source names; any other source as it is."""
    try:
        return str(parse(source).place) if is_of_objects(source) else source
    except InputError:  # it is gone since
        return source.partition(":")[2].partition("?")[0]

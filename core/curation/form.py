"""What an event must hold to be applied; a log may come from anywhere, its checksums with it."""

from typing import Any

from core.curation.acts import ACTS, check_act
from core.curation.events import FORMAT, SET_KINDS, Event
from core.errors import ArtifactCorruptError, InputError

_TEXTS = ("set", "source", "encoder", "encoder_key")


def impossible(event: Event, reason: str) -> ArtifactCorruptError:
    """Return the error for an event that cannot stand where it stands."""
    return ArtifactCorruptError(f"curation log, event {event.number}: {reason}")


def check_form(event: Event) -> None:
    """Refuse an event whose parts are not what its kind needs.

    Raises
    ------
    ArtifactCorruptError
        A field is missing, unknown or unusable, or a newer version wrote the log.
    """
    if not isinstance(event.when, str) or not isinstance(event.kind, str):
        raise impossible(event, "its time and its kind must be text")
    if event.items is not None and not _is_items(event.items):
        raise impossible(event, "its items are not a count, a digest and addresses")
    if event.kind in SET_KINDS:
        _check_source(event)
    elif event.kind in ACTS:
        try:
            check_act(event.kind, event.fields, event.count if event.items is not None else None)
        except InputError as error:
            raise impossible(event, str(error)) from None


def _check_source(event: Event) -> None:
    """Check an event that tells what the set is."""
    told = event.fields
    if told.get("format", FORMAT) != FORMAT:
        raise impossible(
            event,
            f"its form is {told['format']!r} and this version reads {FORMAT}; a newer Vitrine "
            "wrote it: update",
        )
    good = all(isinstance(told.get(name), str) for name in _TEXTS) and type(told.get("seed")) is int
    lists = isinstance(event.items, dict) and isinstance(event.items.get("paths"), str)
    aside = told.get("set_aside")
    if not (good and lists and isinstance(aside, dict) and isinstance(aside.get("digest"), str)):
        raise impossible(event, "it does not tell what the set is")


def _is_items(items: Any) -> bool:
    """Tell whether this names items: how many, the digest of the list, perhaps the list."""
    if not isinstance(items, dict) or type(items.get("count")) is not int or items["count"] < 0:
        return False
    named = items.get("addresses", [])
    listed = isinstance(named, list) and all(isinstance(one, str) for one in named)
    return isinstance(items.get("digest"), str) and listed

"""What an event says to a person."""

from collections.abc import Mapping

from core.curation.acts import OUT
from core.curation.events import STEP_KINDS, Event

_DECIDED = {"include": "Included", "exclude": "Excluded", "keep": "Kept", "drop": "Dropped"}

#: By topic, what items are called that were taken out, and those that stay, one and several.
_AS_OUT = {
    "duplicates": ("a duplicate", "duplicates"),
    "outliers": ("an outlier", "outliers"),
    "pictures": ("a faulty picture", "faulty pictures"),
    "labels": ("wrongly labelled", "wrongly labelled"),
}
_AS_IN = {
    "duplicates": ("not a duplicate", "not duplicates"),
    "outliers": ("not an outlier", "not outliers"),
    "pictures": ("a good picture", "good pictures"),
    "labels": ("rightly labelled", "rightly labelled"),
}

#: Most labels that a sentence names.
_NAMED = 4


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 image", "1,200 images"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def sentence(event: Event, noun: str, events: Mapping[int, Event] | None = None) -> str:
    """Return an event in words.

    Parameters
    ----------
    event
        Any event of a log.
    noun
        What one item is called.
    events
        By number, for telling what an undo or redo is about.
    """
    if event.kind in STEP_KINDS:
        about = (events or {}).get(event.fields["event"])
        text = sentence(about, noun) if about else f"event {event.fields['event']}"
        return f"{'Undid' if event.kind == 'undo' else 'Did again'}: {text}"
    items = counted(event.count, noun)
    if event.kind in _DECIDED:
        text = f"{_DECIDED[event.kind]} {items}{_as_what(event)}"
    elif event.kind == "relabel.each":
        text = _each_words(event, items)
    elif event.kind == "relabel":
        label = event.fields["label"]
        text = f"Labelled {items} “{label}”" if label else f"Took the label off {items}"
    elif event.kind == "box":
        x, y, w, h = event.fields["box"]
        text = f"Set the box of {items} to {w:g} × {h:g} px at {x:g}, {y:g}"
    elif event.kind.startswith("slice."):
        text = _slice_words(event, items)
    elif event.kind.startswith("theme."):
        text = _theme_words(event, noun)
    else:
        return f"Began with {items}" if event.kind == "start" else f"The set has {items} now"
    reason = event.fields.get("reason")
    return f"{text}: {reason}" if reason else text


def _as_what(event: Event) -> str:
    """Return as what items were taken out or stay: " as duplicates"; "" where nobody said."""
    about = event.fields.get("about")
    words = (_AS_OUT if event.kind in OUT else _AS_IN).get(str(about))
    return f" as {words[event.count != 1]}" if words else ""


def _each_words(event: Event, items: str) -> str:
    labels, sizes = event.fields["labels"], event.fields["sizes"]
    if len(labels) > _NAMED:
        return f"Labelled {items} with {len(labels):,} labels"
    told = [f"“{one}”" if one else "no label" for one in labels]
    if len(told) == 1:
        return f"Labelled {items} {told[0]}" if labels[0] else f"Took the label off {items}"
    parts = (f"{word} {size:,}" for word, size in zip(told, sizes, strict=True))
    return f"Labelled {items} ({', '.join(parts)})"


def _slice_words(event: Event, items: str) -> str:
    name, to = event.fields["name"], event.fields.get("to")
    return {
        "slice.create": f"Saved slice “{name}” with {items}",
        "slice.set": f"Saved slice “{name}” again, with {items}",
        "slice.add": f"Added {items} to slice “{name}”",
        "slice.remove": f"Removed {items} from slice “{name}”",
        "slice.rename": f"Renamed slice “{name}” to “{to}”",
        "slice.delete": f"Deleted slice “{name}”",
    }[event.kind]


def _theme_words(event: Event, noun: str) -> str:
    to = event.fields.get("to", "")
    if event.kind == "theme.rename":
        theme = f"theme {event.fields['cluster'] + 1}"
        return f"Named {theme} “{to}”" if to else f"Took the name off {theme}"
    if event.kind == "theme.split":
        sizes = [f"{size:,}" for size in event.fields["sizes"]]
        told = f": {', '.join(sizes[:-1])} and {sizes[-1]} {noun}s" if len(sizes) <= 8 else ""
        return f"Split theme {event.fields['cluster'] + 1} into {len(sizes):,} parts{told}"
    numbers = [str(cluster + 1) for cluster in event.fields["clusters"]]
    if len(numbers) > 8:
        text = f"Merged {len(numbers):,} themes"
    else:
        text = f"Merged themes {', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{text} as “{to}”" if to else text

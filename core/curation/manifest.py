"""The manifest: what a log comes to, as bytes that are the same on every machine."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.curation.acts import OUT
from core.curation.events import Event
from core.curation.fold import State, ThemeState, label_given
from core.curation.roster import Universe
from core.curation.source import last_source

#: Version of the manifest's form.
MANIFEST_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Selection:
    """What a manifest is restricted to: addresses, and the slice's name if it is one."""

    name: str | None
    addresses: list[str]


def _by_event(state: State, marks: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield what each event that still counts for some items says of them."""
    for number, codes in _grouped(marks):
        yield _entry(state, number, codes, "decision", state.acts[number].kind)


def _by_label(state: State) -> Iterator[dict[str, Any]]:
    """Yield the labels that events gave, by event and in the order it has them."""
    for number, codes in _grouped(state.labelled):
        event = state.acts[number]
        for part, within in _grouped(state.label_part[codes] + 1):
            label = label_given(event, part - 1)
            yield _entry(state, number, codes[within], "label", label)


def _box_entry(state: State, code: int) -> dict[str, Any]:
    """Return the box that an object was given: its own, what is shown of it, and its new id."""
    number = state.boxes[code]
    fields = state.acts[number].fields
    told = {name: fields[name] for name in ("box", "region", "to")}
    address = state.universe.addresses(np.array([code]))[0]
    return {"event": number, "address": address, "reason": fields.get("reason", ""), **told}


def _about_section(state: State) -> dict[str, Any]:
    """Return, by topic, for which items an act counts that names the topic."""
    section = {}
    for topic, marks in state.settled.items():
        about = [n for n, event in state.acts.items() if event.fields.get("about") == topic]
        told = list(_by_event(state, np.where(np.isin(marks, about), marks, 0)))
        if told:
            section[topic] = [{k: v for k, v in one.items() if k != "about"} for one in told]
    return section


def _grouped(marks: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each mark above 0, ascending, and where it is, ascending."""
    order = np.argsort(marks, kind="stable")
    values, starts = np.unique(marks[order], return_index=True)
    for value, at in zip(values.tolist(), np.split(order, starts[1:]), strict=True):
        if value > 0:
            yield value, at


def _entry(state: State, number: int, codes: np.ndarray, field: str, value: str) -> dict[str, Any]:
    fields = state.acts[number].fields
    entry = {
        "event": number,
        field: value,
        "reason": fields.get("reason", ""),
        "addresses": state.universe.addresses(codes),
    }
    return entry | ({"about": fields["about"]} if fields.get("about") else {})


def _theme_section(themes: ThemeState, universe: Universe) -> dict[str, Any]:
    section: dict[str, Any] = {
        "names": {str(cluster): name for cluster, name in themes.names.items()},
        "merged": [list(group) for group in themes.merged],
    }
    if themes.splits:  # else as earlier versions wrote it, byte for byte
        section["splits"] = [
            {
                "event": split.event.number,
                "themes": list(split.themes),
                "parts": [universe.addresses(part) for part in split.parts],
            }
            for split in themes.splits
        ]
    return section


def build_manifest(
    events: Sequence[Event], state: State, selection: Selection | None = None
) -> bytes:
    """Return the manifest of a folded log.

    Parameters
    ----------
    events
        The whole log.
    state
        What it comes to on the items as they are now.
    selection
        Restricts `working` and `paths` to some addresses; None takes all.

    Returns
    -------
    bytes
        JSON with sorted keys, one space of indent and a newline at the end: a function of the log
        and of the items' addresses and paths, and of nothing else.
    """
    universe, source = state.universe, last_source(list(events))
    assert source is not None  # every log starts with one
    value = {
        "format": MANIFEST_FORMAT,
        "set": source.fields["set"],
        "encoder": {
            "name": source.fields["encoder"],
            "key": source.fields["encoder_key"],
            "seed": source.fields["seed"],
        },
        "items": universe.roster.items,
        "log": {"events": len(events), "checksum": events[-1].checksum},
        "slices": [
            {"name": one.name, "how": one.how, "addresses": universe.addresses(one.codes)}
            for one in state.slices.values()
        ],
        "decisions": list(_by_event(state, state.decided)),
        "labels": list(_by_label(state)),
        "themes": {key: _theme_section(themes, universe) for key, themes in state.themes.items()},
        **_items_section(state, selection),
    }
    if state.boxes:  # else as earlier versions wrote it, byte for byte
        value["boxes"] = [_box_entry(state, code) for code in sorted(state.boxes)]
    about = _about_section(state)
    if about:  # else as earlier versions wrote it, byte for byte
        value["about"] = about
    return f"{indented(value)}\n".encode()


def _items_section(state: State, selection: Selection | None) -> dict[str, Any]:
    """Return what is restricted by a selection: the working set and the paths."""
    roster = state.universe.roster
    ends = [number for number, event in state.acts.items() if event.kind in OUT]
    out = np.isin(state.decided[: len(roster)], ends)
    chosen = np.ones(len(roster), bool)
    section = None
    if selection is not None:
        rows = roster.rows(selection.addresses)
        chosen[:] = False
        chosen[rows[rows >= 0]] = True
        section = {"name": selection.name, "addresses": selection.addresses}
    addresses, paths = roster.addresses, roster.paths
    return {
        "selection": section,
        "working": [addresses[row] for row in np.flatnonzero(chosen & ~out).tolist()],
        "paths": {addresses[row]: paths[row] for row in np.flatnonzero(chosen).tolist()},
    }


def indented(value: Any, depth: int = 0) -> str:
    """Return what `json.dumps` does with sort_keys, an indent of 1 and ensure_ascii off.

    `json` spells indented text out in Python, slow for a million items; where a list or
    mapping holds plain values alone its quick encoder does the same with other separators.
    """
    inside, outside = f"\n{' ' * (depth + 1)}", f"\n{' ' * depth}"
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    parts = value.values() if isinstance(value, dict) else value
    if not any(isinstance(part, dict | list) for part in parts):
        text = json.dumps(
            value, sort_keys=True, ensure_ascii=False, allow_nan=False,
            separators=(f",{inside}", ": "),
        )  # fmt: skip
        body = text[1:-1]
    elif isinstance(value, dict):
        lines = [f"{indented(name)}: {indented(value[name], depth + 1)}" for name in sorted(value)]
        body = f",{inside}".join(lines)
    else:
        body = f",{inside}".join(indented(part, depth + 1) for part in value)
    left, right = "{}" if isinstance(value, dict) else "[]"
    return f"{left}{inside}{body}{outside}{right}"

"""Taking back on Quality: the set's last act in words, and the question when it was another's.

The log is one for the whole set, so its last act may have been made on another page, in another
tab or before this page was opened. It is taken back at once only where this page wrote it about the
topic that it shows; else what would be taken back is shown first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.quality_frame import DIALOG_TITLE, said
from core.curation.events import SET_KINDS, STEP_KINDS

UNDO, REDO = "quality-undo", "quality-redo"

#: Lines of the history that are looked through for the last act; behind them it is asked anyway.
LOOKED_AT = 200

HEADING = "Take back the last act?"
WHERE = (
    "The last act of this set was not made in the list that you see, or was made before you "
    "opened it."
)
AGREED = "Take it back"


def last_act(view: Any) -> int:
    """Return the number of the act that undo would take back; 0 where it is not known."""
    steps = (*SET_KINDS, *STEP_KINDS)
    lines = view.history(LOOKED_AT)
    return next((one.number for one in lines if not one.undone and one.kind not in steps), 0)


def is_own(view: Any, keys: Mapping[str, str], trail: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether this page made the last act, about the topic that it shows.

    Parameters
    ----------
    view
        What was decided about the set.
    keys
        What the page shows.
    trail
        The acts of this page, {"event": number, "keys": what it showed}, the last one last.
    """
    if not trail or trail[-1]["event"] != last_act(view):
        return False
    return bool(trail[-1]["keys"]["view"] == keys["view"])


def question(view: Any) -> list[Component]:
    """Return what the dialog says before an act of elsewhere is taken back."""
    return [
        html.H2(HEADING, id=DIALOG_TITLE),
        html.P(view.can_undo, className="vt-confirm-sentence"),
        html.P(WHERE, className="vt-small"),
    ]


def changed() -> list[Component]:
    """Return the line that says that another act is the last one by now."""
    return [said("Something else was done since: nothing was taken back.")]


def undone(words: str | None, back: bool) -> list[Component]:
    """Return the line that says what was taken back or done again."""
    if not words:
        return [said(f"There is nothing to {'undo' if back else 'do again'}.")]
    return [said(f"{'Undid' if back else 'Did again'}: {lowered(words).rstrip('.')}.")]


def lowered(words: str) -> str:
    """Return a sentence as it stands within another one."""
    return f"{words[:1].lower()}{words[1:]}"


def is_any(view: Any) -> bool:
    """Tell whether there is an act to take back or to do again."""
    return view is not None and bool(view.can_undo or view.can_redo)


def steps(view: Any) -> list[Component]:
    """Return the buttons that take back and do again, each saying what; hidden without any.

    `view` is None where they are not offered.
    """
    return [
        _step("Undo", view.can_undo if view is not None else None, UNDO, "z"),
        _step("Do again", view.can_redo if view is not None else None, REDO, "Z"),
    ]


def _step(name: str, words: str | None, button_id: str, key: str) -> Component:
    """Return one of them."""
    told = f"{name}: {lowered(words)}" if words else name
    shown = {} if words is None else attrs(data_vt_key=key, aria_keyshortcuts=key)
    return html.Button(
        [html.Span(told, className="vt-step-words"), html.Kbd(key, **attrs(aria_hidden="true"))],
        id=button_id, type="button", className="btn btn-quiet btn-sm vt-case-step",
        hidden=words is None, title=words or "", **shown,
    )  # fmt: skip

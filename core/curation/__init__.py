"""The curation log: what a person decided, kept as acts that can be undone and replayed."""

from core.curation.desk import Desk
from core.curation.events import Event
from core.curation.shown import HistoryLine, SliceView
from core.curation.view import CurationView

__all__ = ["CurationView", "Desk", "Event", "HistoryLine", "SliceView"]

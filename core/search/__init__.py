"""Search by picture: which items are nearest to some examples, and where "similar" ends."""

from core.search.found import Found, Histogram
from core.search.searches import Searches

__all__ = ["Found", "Histogram", "Searches"]

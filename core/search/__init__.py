"""Search by picture and by words: what is nearest to some examples, and where "similar" ends."""

from core.search.found import Found, Histogram
from core.search.searches import Searches

__all__ = ["Found", "Histogram", "Searches"]

"""A filter for sequences; the one that thins a video while it is read."""

from core.ingest.repeats import BLOCK, STAGE, Filtered, filter_stream

__all__ = ["BLOCK", "STAGE", "Filtered", "filter_stream"]

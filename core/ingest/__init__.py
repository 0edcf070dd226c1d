"""Sources: from a folder, a table, an idx file or vectors to a table of items."""

from core.ingest.source import scan

__all__ = ["scan"]

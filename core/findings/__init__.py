"""What a check found and what is decided of it, for pages."""

from core.findings.check import Check
from core.findings.deciding import bulk, bulk_preview, decide
from core.findings.distances import at_threshold, histogram, reach
from core.findings.findings import Findings
from core.findings.model import (
    CONFIDENCES,
    KINDS,
    LEVELS,
    STATES,
    TITLES,
    TOPICS,
    Case,
    Preview,
    Summary,
    TopicLine,
    Worklist,
)

__all__ = [
    "CONFIDENCES", "KINDS", "LEVELS", "STATES", "TITLES", "TOPICS", "Case", "Check", "Findings",
    "Preview", "Summary", "TopicLine", "Worklist", "at_threshold", "bulk", "bulk_preview",
    "decide", "histogram", "reach",
]  # fmt: skip

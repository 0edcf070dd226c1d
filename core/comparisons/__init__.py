"""Comparisons of forms, and gradients between them, as they are stored; designs before that."""

from core.comparisons.design import describe, planned, preview
from core.comparisons.stored import Comparison, ComparisonLine, Comparisons

__all__ = ["Comparison", "ComparisonLine", "Comparisons", "describe", "planned", "preview"]

"""Comparisons of two sets, as they are stored."""

from core.drifts.stored import Drift, DriftLine, Drifts

__all__ = ["Drift", "DriftLine", "Drifts"]

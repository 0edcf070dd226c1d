"""Choices of images and divisions of a set: requests, pools, what is stored, and slices."""

from core.choices.pool import Pool, labelled_rows, pool_of
from core.choices.stored import Choice, ChoiceLine, Choices, SplitLine, Splits, slice_of
from core.curate.requests import (
    SCENARIOS,
    STRATEGIES,
    Budget,
    CurateRequest,
    SplitRequest,
    parse_budget,
    strategy_name,
)

__all__ = [
    "SCENARIOS", "STRATEGIES", "Budget", "Choice", "ChoiceLine", "Choices", "CurateRequest",
    "Pool", "SplitLine", "SplitRequest", "Splits", "labelled_rows", "parse_budget", "pool_of",
    "slice_of", "strategy_name",
]  # fmt: skip

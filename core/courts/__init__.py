"""Encoders held against each other on one's own images, and what explains the clusters; stored."""

from core.courts.request import CourtRequest, NuisanceRequest
from core.courts.stored import Court, CourtLine, Courts, Nuisance, NuisanceLine

__all__ = [
    "Court", "CourtLine", "CourtRequest", "Courts", "Nuisance", "NuisanceLine", "NuisanceRequest",
]  # fmt: skip

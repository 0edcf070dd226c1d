"""Cutting the images of a set out by their masks, as a set of their own."""

from core.cutting.job import about, cut_out, cutouts_of, run_cutout
from core.cutting.masks import Masks, find_masks
from core.cutting.request import CutoutRequest

__all__ = [
    "CutoutRequest",
    "Masks",
    "about",
    "cut_out",
    "cutouts_of",
    "find_masks",
    "run_cutout",
]

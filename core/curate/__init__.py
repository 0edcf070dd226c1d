"""Choosing images, and what a random choice of the same size would have done."""

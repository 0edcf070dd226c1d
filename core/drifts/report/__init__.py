"""A comparison of two sets as one HTML file that needs nothing else."""

from core.drifts.report.page import render_html

__all__ = ["render_html"]

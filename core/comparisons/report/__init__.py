"""A comparison of forms as one HTML file that needs nothing else."""

from core.comparisons.report.page import render_html

__all__ = ["render_html"]

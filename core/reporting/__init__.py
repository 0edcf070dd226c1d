"""Making a report on a choice, and making it again to check it."""

from core.reporting.again import verify
from core.reporting.data import data_of
from core.reporting.job import run_report

__all__ = ["data_of", "run_report", "verify"]

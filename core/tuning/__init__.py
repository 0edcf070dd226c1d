"""An encoder tuned to one's own images, without labels: trained, kept, compared with its base."""

from core.tuning.job import run_tune
from core.tuning.request import TuneRequest

__all__ = ["TuneRequest", "run_tune"]

"""Encoders that are made from others: fitted on a set, from vectors that are cached already."""

from core.fitting.agreement import EncoderAgreement, measure_agreement
from core.fitting.derive import encode_derived
from core.fitting.ensemble import fit_ensemble
from core.fitting.residual import fit_residual
from core.fitting.together import agreement_of, stored_agreement

__all__ = [
    "EncoderAgreement",
    "agreement_of",
    "encode_derived",
    "fit_ensemble",
    "fit_residual",
    "measure_agreement",
    "stored_agreement",
]

"""Encoders made of others and fitted on a set: ensembles, and residuals of columns."""

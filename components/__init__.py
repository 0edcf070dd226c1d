"""Reusable views: pure functions from records to Dash components, each with its own ids."""

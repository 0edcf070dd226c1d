"""Clusters: HDBSCAN themes and complete-linkage micro-clusters."""

"""A set, or a part of one, as it is stored now: items, maps, clusters, columns and lineage."""

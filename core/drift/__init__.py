"""Whether two sets of images are the same, by how much they differ, and where."""

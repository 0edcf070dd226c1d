"""Whether forms differ, by how much, and along what: tests and effect sizes on unit vectors."""

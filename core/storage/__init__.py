"""The workspace on disk: artefacts, vectors, file hashes."""

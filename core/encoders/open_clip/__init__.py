"""Contrastive models of open_clip: an image tower and a text tower in one space."""

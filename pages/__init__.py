"""The pages, one question each; none imports another."""

"""Drafts of changes: which release to go back to, which capacity to add."""

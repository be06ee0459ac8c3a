"""Cause cards at work: what is seen of a part, and which cards that makes likely."""

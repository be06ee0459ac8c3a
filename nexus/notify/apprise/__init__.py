"""Everything else: whatever apprise knows, one address at a time."""

"""Everything that anyone may ask: alert intake, commands, queries, the feed of timeline entries."""

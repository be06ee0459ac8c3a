"""The ports over the systems that teams run: each adapter is read-only unless it is an action."""

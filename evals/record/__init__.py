"""A finished incident becomes a recorded one: its telemetry, what was done, and what the agents believed."""

"""Microsoft Teams through a Workflows webhook, one way."""

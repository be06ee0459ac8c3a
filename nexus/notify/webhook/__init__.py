"""Notices posted to an address of the site's own, signed as Standard Webhooks has it."""

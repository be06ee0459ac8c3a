"""Tickets in a team's tracker: one port, and an adapter for each of four."""

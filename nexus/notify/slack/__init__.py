"""Slack: one thread for each incident through a bot, or messages through an incoming webhook."""

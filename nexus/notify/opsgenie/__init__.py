"""Opsgenie, and Jira Service Management's operations, which take the same alerts."""

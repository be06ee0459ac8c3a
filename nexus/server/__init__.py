"""The HTTP server: the doors for alerts and decisions, and the API."""

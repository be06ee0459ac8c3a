"""A real Prometheus and a real Alertmanager that watch the shop, with their configuration."""

"""Logs from files, systemd's journal, Loki, Elasticsearch and OpenSearch, one at a time or together."""

from tools.live.logs.merged import LiveLogs, live_logs

__all__ = ["LiveLogs", "live_logs"]

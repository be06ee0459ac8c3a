"""The HTTP API under `/api/v1`: routes that know no rules, over the service."""

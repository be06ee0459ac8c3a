"""What a team configures: settings, the site (`nexus.yaml`), the runbook, budgets, logs, tracing."""

"""The runbook's checks, one module per kind of look at the telemetry; each ends in a `CheckOutcome`."""

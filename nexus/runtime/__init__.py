"""Running incidents: the worker loop and its leases, the driver, checkpoints, and the wiring of adapters."""

"""What telemetry says about a service: levels, recovery, failures, gaps; pure functions over frames."""

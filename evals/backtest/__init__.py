"""What Nexus would have said of a team's own past alerts: each is read once, played, and judged by people."""

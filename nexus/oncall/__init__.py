"""Who is on duty: read where a team plans it. Building schedules is not what Nexus is for."""

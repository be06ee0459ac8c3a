"""What the stores in a database do alike: rows, and statements by name; each has its own SQL."""

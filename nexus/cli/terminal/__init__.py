"""What people see in a terminal, and the JSON that scripts read. No graph and no frames are imported here."""

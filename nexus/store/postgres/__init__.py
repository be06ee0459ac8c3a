"""The store in PostgreSQL: for several workers on several machines."""

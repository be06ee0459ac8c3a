"""The store's SQL for PostgreSQL: the numbered migrations and every query by name.

A query may be of several statements: they are run in their order, and the last one's rows are its answer.
"""

from nexus.store.relational.sql_files import migrations, queries

MIGRATIONS = migrations(__package__)
QUERIES = queries(__package__)

#: The schema that this version writes.
VERSION = len(MIGRATIONS)

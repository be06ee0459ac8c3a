"""The store's SQL: the numbered migrations, every query by name, the fence over LangGraph's checkpoints."""

from nexus.store.relational.sql_files import migrations, queries, text

MIGRATIONS = migrations(__package__)
QUERIES = queries(__package__)

#: Apply it with `executescript` after the saver's `setup()`.
FENCE = text(__package__, "fence.sql")

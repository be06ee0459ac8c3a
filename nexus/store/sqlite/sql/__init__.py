"""The store's SQL: the numbered migrations, every query by name, the fence over LangGraph's checkpoints."""

from pathlib import Path

from nexus.store.relational.sql_files import migrations, queries, text

_HERE = Path(__file__).parent

MIGRATIONS = migrations(_HERE)
QUERIES = queries(_HERE)

#: Apply it with `executescript` after the saver's `setup()`.
FENCE = text(_HERE / "fence.sql")

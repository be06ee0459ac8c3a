"""The store's SQL for PostgreSQL: the numbered migrations, every query by name, the fence over checkpoints.

A query may be of several statements: they are run in their order, and the last one's rows are its answer.
"""

from pathlib import Path

from nexus.store.relational.sql_files import migrations, queries, text

_HERE = Path(__file__).parent

MIGRATIONS = migrations(_HERE)
QUERIES = queries(_HERE)

#: The schema that this version writes.
VERSION = len(MIGRATIONS)

#: Apply it after the saver's `setup()`.
FENCE = text(_HERE / "fence.sql")

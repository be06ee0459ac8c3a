"""What is only there after `pip install 'nexus-incident[EXTRA]'`, and the sentence that says so."""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Literal

Extra = Literal[
    "aws",
    "browser",
    "calendar",
    "inspect",
    "mariadb",
    "mcp",
    "notify",
    "objects",
    "otel",
    "postgres",
    "rules",
    "shop",
]

#: A module that each extra brings.
_BRINGS: dict[Extra, str] = {
    "aws": "aiobotocore",
    "browser": "playwright",
    "calendar": "recurring_ical_events",
    "inspect": "inspect_ai",
    "mariadb": "pymysql",
    "mcp": "mcp",
    "notify": "apprise",
    "objects": "s3fs",
    "otel": "opentelemetry.exporter",
    "postgres": "psycopg",
    "rules": "promql_parser",
    "shop": "supervisor",
}


def missing_extras(extras: Iterable[Extra]) -> tuple[Extra, ...]:
    """Those of the extras that are not installed."""
    return tuple(extra for extra in extras if find_spec(_BRINGS[extra]) is None)


def install_command(*extras: Extra) -> str:
    """The line that installs extras."""
    return f"python -m pip install 'nexus-incident[{','.join(extras)}]'"

"""JSON Schemas of what is answered: every key of today, and room for those of later releases."""

from typing import Any


def opened(schema: Any) -> Any:
    """The same schema for readers that meet further keys."""
    match schema:
        case dict():
            closed = ("additionalProperties", False)
            return {key: opened(one) for key, one in schema.items() if (key, one) != closed}
        case list():
            return [opened(one) for one in schema]
        case _:
            return schema

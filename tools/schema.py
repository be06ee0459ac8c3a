"""Arguments of a tool that a JSON schema describes: what a server outside tells of its tools."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, create_model, model_validator

from incidents.value import Value


class SchemaArgs(Value):
    """The arguments of one tool; `document` is the schema that they have to fit."""

    model_config = ConfigDict(extra="allow")

    document: ClassVar[Mapping[str, Any]] = {"type": "object"}

    @model_validator(mode="before")
    @classmethod
    def _fits(cls, given: Any) -> Any:
        if wrong := misfit(cls.document, given):
            raise ValueError(wrong)
        return given


def misfit(document: Mapping[str, Any], given: Any) -> str:
    """Why something does not fit a JSON schema, with its place; empty if it does."""
    # Imported late: it comes with the extra `mcp`, which is optional.
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # noqa: PLC0415

    wrong = best_match(Draft202012Validator(document).iter_errors(given))
    if wrong is None:
        return ""
    place = ".".join(str(part) for part in wrong.absolute_path)
    return f"{place}: {wrong.message[:200]}" if place else str(wrong.message[:200])


def server_of(tool: str) -> str:
    """Whose tool it is, by its name `server_tool`: what one server says in two tools is one source."""
    return tool.partition("_")[0]


def schema_args(name: str, document: Mapping[str, Any]) -> type[SchemaArgs]:
    """The type of the arguments of one tool.

    Args:
        name: of the tool.
        document: a JSON schema of type object, whose references stay inside of it.
    """
    made = create_model(name, __base__=SchemaArgs, __doc__=f"The arguments of {name}.")
    made.document = document
    return made

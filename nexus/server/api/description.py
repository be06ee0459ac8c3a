"""How the API describes itself (OpenAPI 3.1): its problems, by one form each, beside what FastAPI knows."""

from typing import Any

from fastapi import APIRouter, FastAPI, Security
from fastapi.security import HTTPBearer

from nexus.server.problems import Kind, Problem
from nexus.service.schemas import opened

#: What any route may answer where it does not do what was asked; a key that was reused is a 409 like others.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    kind.status: {"$ref": f"#/components/responses/{kind.name}", "description": kind.meaning}
    for kind in Kind
    if kind is not Kind.KeyReused
}

#: Only told: who comes in is known before a route is looked for.
_BEARER = Security(HTTPBearer(auto_error=False, description="your own token"))


def router() -> APIRouter:
    """A collector of routes that any application takes as they are.

    `include_router` would build each of them anew, when that application is first asked for anything.
    """
    return APIRouter(responses=PROBLEMS, dependencies=[_BEARER])


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    made = FastAPI.openapi(app)
    components = made["components"]
    if "responses" in components:
        return made
    for operations in made["paths"].values():
        for operation in operations.values():
            _forget_what_fastapi_would_answer(operation["responses"])
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= components["schemas"]["Problem"].pop("$defs")
    asked = _asked_with(made)
    components["schemas"] = {
        name: schema if name in asked else opened(schema) for name, schema in components["schemas"].items()
    }
    components["responses"] = {
        kind.name: {
            "description": kind.meaning,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for kind in Kind
    }
    return made


def _asked_with(made: dict[str, Any]) -> set[str]:
    """The names of all forms that bodies are made of: nothing may stand in them that they do not know."""
    found, more = (
        set[str](),
        _named([one.get("requestBody") for all_of in made["paths"].values() for one in all_of.values()]),
    )
    while more := more - found:
        found |= more
        more = _named([made["components"]["schemas"][name] for name in more])
    return found


def _named(part: Any) -> set[str]:
    """The names of the forms that a part of the document refers to."""
    match part:
        case {"$ref": str(place)}:
            return {place.rpartition("/")[2]}
        case dict():
            return _named(list(part.values()))
        case list():
            return set[str]().union(*map(_named, part))
        case _:
            return set()


def _forget_what_fastapi_would_answer(responses: dict[str, Any]) -> None:
    """What cannot be taken is a 400 here, with a problem as all others."""
    if "content" in responses.get("422", ()):
        del responses["422"]

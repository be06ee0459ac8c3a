"""How the API describes itself (OpenAPI 3.1): its problems, by one form each, beside what FastAPI knows."""

from typing import Any

from fastapi import FastAPI

from nexus.server.api.parameters import ReportBody, StopBody
from nexus.server.problems import Kind, Problem
from nexus.service.requests import REQUESTS
from nexus.service.schemas import opened

#: What any route may answer where it does not do what was asked; a key that was reused is a 409 like others.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    kind.status: {"$ref": f"#/components/responses/{kind.name}", "description": kind.meaning}
    for kind in Kind
    if kind is not Kind.KeyReused
}


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
    asked = {ReportBody.__name__, StopBody.__name__, *(kind.__name__ for kind in REQUESTS)}
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


def _forget_what_fastapi_would_answer(responses: dict[str, Any]) -> None:
    """What cannot be taken is a 400 here, with a problem as all others."""
    if "content" in responses.get("422", ()):
        del responses["422"]

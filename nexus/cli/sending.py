"""How a verb asks an incident for something: of this home, or of a server that runs elsewhere."""

from typing import TypeVar

from pydantic import ValidationError

from incidents.errors import UsageError
from incidents.value import Value
from nexus.cli.base import answered, home, server_of
from nexus.service.request import Doors, Request

V = TypeVar("V", bound=Value)


def send(identity: str, asked: Request, by: str | None, server: str | None, kind: type[V]) -> V:
    """Ask it, as who types.

    Args:
        identity: the incident's id.
        asked: what is asked.
        by: who asks, as far as a name counts.
        server: where, if not here.
        kind: what it is answered with.
    """
    at = server_of(server)
    if at is not None:
        from nexus.cli.remote import Remote

        with Remote(at, by) as far:
            done = far.send(identity, asked)
    else:
        from nexus.cli.signing import speaker

        with home(threads=False) as opened:
            actor = speaker(opened, identity, by)
            done = answered(asked.put(Doors(opened), identity, actor))
    assert isinstance(done, kind)  # as `asked.answer` says  # noqa: S101
    return done


def said(kind: type[V], **words: object) -> V:
    """What was typed as a request.

    Raises:
        UsageError: a part of it cannot be meant so; names the option.
    """
    try:
        return kind.model_validate(words)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "string_pattern_mismatch":
            raise UsageError(f"Say {kind.model_fields[name].description}: --{name} TEXT") from None
        raise UsageError(f"--{name}: {first['msg']}") from None

"""What `backends` says beside telemetry: pages whose pictures are kept, MCP servers, a team's own changes."""

import json
import re
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, HttpUrl, JsonValue, field_validator, model_validator
from pydantic_core import PydanticCustomError

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef

#: What a declared change may be given: the action's own words, and the key that makes an execution known.
HOLES = ("service", "version", "replicas", "commit", "flag", "enabled", "key")


class PageSpec(Value):
    """A dashboard, or a page that users see."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="its picture is screens/<name>.png")
    url: HttpUrl
    service: str
    wait_for: str | None = Field(default=None, description="a CSS selector that has to appear")

    @field_validator("url")
    @classmethod
    def _plain(cls, url: HttpUrl) -> HttpUrl:
        if url.username or url.password:
            raise PydanticCustomError("secret", "an address without user and password")
        return url


class BrowserSpec(Value):
    """Pages whose pictures are kept once the recovery is confirmed."""

    kind: Literal["browser"]
    pages: tuple[PageSpec, ...] = Field(min_length=1, max_length=12)
    executable: Path | None = Field(
        default=None, description="the browser; none: a Chromium that is installed"
    )
    timeout: Duration = Field(default=timedelta(seconds=10), description="of a page, and of its selector")

    @field_validator("pages")
    @classmethod
    def _once(cls, pages: tuple[PageSpec, ...]) -> tuple[PageSpec, ...]:
        names = [page.name for page in pages]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the page {doubled[0]!r} stands twice")
        return pages


class Declared(Value):
    """A change that a team wires itself: what it is, and the values that it takes."""

    action: Literal["rollback", "restart", "scale", "failover", "hotfix", "feature_flag", "fallback"]
    services: tuple[str, ...] = Field(min_length=1)
    allowed: tuple[str, ...] = Field(default=(), description="values that the kind's argument may have")
    timeout: Duration = timedelta(minutes=2)

    @model_validator(mode="after")
    def _has_an_inventory(self) -> Self:
        if self.action in {"rollback", "feature_flag"} and not self.allowed:
            raise ValueError(f"a {self.action} needs `allowed`: the values that it may be given")
        return self


class McpCall(Value):
    """A tool of a server and its arguments.

    In a text, `{service}`, `{version}`, `{replicas}`, `{commit}`, `{flag}`, `{enabled}` and `{key}` stand for
    what the action is given; a text that is nothing else becomes that value with its type.
    """

    tool: str = Field(min_length=1)
    arguments: dict[str, JsonValue] = Field(default={})

    @field_validator("arguments")
    @classmethod
    def _known_holes(cls, arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for hole in re.findall(r"\{(\w+)\}", json.dumps(arguments)):
            if hole not in HOLES:
                near = get_close_matches(hole, HOLES, n=1)
                known = f"did you mean {near[0]}?" if near else f"known: {', '.join(HOLES)}"
                raise ValueError(f"there is nothing called {{{hole}}}; {known}")
        return arguments


class McpStatus(McpCall):
    """What became of a `{key}`. Where neither text or both stand in the answer, nobody can say."""

    done: str = Field(min_length=1, description="stands in the answer if that key was done")
    never: str = Field(min_length=1, description="stands in the answer if it was never begun")


class McpAction(Declared):
    """Tools of a server as a typed action, which goes through approval like every other."""

    run: McpCall
    dry_run: McpCall | None = Field(
        default=None, description="answers what would change; by `observed: NAME = VALUE` what is"
    )
    undo: McpCall | None = None
    status: McpStatus | None = None

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.run in (self.dry_run, self.undo):
            raise ValueError("`dry_run` and `undo` have to be other calls than `run`")
        return self


class McpServer(Value):
    """A server of the Model Context Protocol: a program of this machine, or an address (streamable HTTP).

    Only tools that the server marks as read-only are offered; `tools` names those that are offered instead.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]{0,19}$", description="stands before the names of its tools")
    command: tuple[str, ...] = Field(default=(), description="the program and its arguments, without a shell")
    url: HttpUrl | None = None
    roles: tuple[str, ...] = Field(default=(), description="slugs of the roles that get the tools")
    tools: tuple[str, ...] = Field(
        default=(), description="names of tools that only read; none: those that the server says only read"
    )
    actions: tuple[McpAction, ...] = Field(default=(), description="what it can change; no role gets these")
    environment: dict[str, SecretRef] = Field(
        default={}, description="what the program gets beside PATH and HOME"
    )
    headers: dict[str, SecretRef] = Field(default={}, description="sent to the address")
    timeout: Duration = Field(default=timedelta(seconds=20), description="of one question")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == (self.url is not None):
            raise ValueError("either `command` or `url`")
        if self.url is not None and (self.url.username or self.url.password or self.url.query):
            raise ValueError("`url` without user, password and query; credentials belong into `headers`")
        if not self.roles and not self.actions:
            raise ValueError("it is of no use without `roles` that get its tools, or `actions`")
        if lent := sorted(self.changing.intersection(self.tools)):
            raise ValueError(f"{lent[0]!r} stands under `tools` and under `actions`; no role gets an action")
        return self

    @property
    def changing(self) -> frozenset[str]:
        """The names of the tools that are called to change something."""
        calls = [call for one in self.actions for call in (one.run, one.undo) if call is not None]
        return frozenset(call.tool for call in calls)

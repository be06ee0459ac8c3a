"""What `backends` says beside telemetry and actions: pages whose pictures are kept, and MCP servers."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, HttpUrl, field_validator, model_validator

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef


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
            raise ValueError("an address without user and password")
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


class McpServer(Value):
    """A server of the Model Context Protocol: a program of this machine, or an address (streamable HTTP).

    Only tools that the server marks as read-only are offered; `tools` names those that are offered instead.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]{0,19}$", description="stands before the names of its tools")
    command: tuple[str, ...] = Field(default=(), description="the program and its arguments, without a shell")
    url: HttpUrl | None = None
    roles: tuple[str, ...] = Field(min_length=1, description="slugs of the roles that get the tools")
    tools: tuple[str, ...] = Field(
        default=(), description="names of tools that only read; none: those that the server says only read"
    )
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
        return self

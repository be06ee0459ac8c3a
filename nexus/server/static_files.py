"""The files of the pages, under addresses that change with what they hold: browsers keep them for good."""

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Self

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes
    digest: str
    kind: str


@dataclass(frozen=True, eq=False)
class StaticFiles:
    """Those of `nexus/server/static`, read once."""

    _files: dict[str, _File] = field(default_factory=dict)

    @classmethod
    @cache
    def read(cls) -> Self:
        """All of them; they are packed once in a process."""
        found = {}
        for file in files("nexus.server").joinpath("static").iterdir():
            kind = _KINDS.get(file.name.rpartition(".")[2])
            if kind is not None:
                body = file.read_bytes()
                digest = hashlib.sha256(body).hexdigest()[:12]
                found[file.name] = _File(body, gzip.compress(body, mtime=0), digest, kind)
        return cls(found)

    def url(self, name: str) -> str:
        """The address of a file.

        Raises:
            KeyError: there is none of that name; a template is wrong.
        """
        return f"/static/{self._files[name].digest}/{name}"

    def body(self, name: str) -> bytes:
        """What a file holds; raises as `url`."""
        return self._files[name].body

    @property
    def route(self) -> Route:
        """`GET /static/{digest}/{name}`; under an old digest what there is now, not to be kept."""
        return Route("/static/{digest}/{name}", self._answer)

    async def _answer(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        current = request.path_params["digest"] == found.digest
        headers = {"cache-control": _FOR_GOOD if current else "no-cache", "vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(found.packed, headers=headers, media_type=found.kind)
        return Response(found.body, headers=headers, media_type=found.kind)

"""A cassette of model calls: recorded to a folder, and replayed from it without any endpoint.

One file for each request, named by the digest of what was asked: the same question gets the same answer, a
question that was never recorded is a clear miss. The key is in a header, and headers are not recorded.
"""

import hashlib
import json
from pathlib import Path

import httpx2

from incidents.errors import SettingsError
from incidents.value import Value


class Recorded(Value):
    """One request and its answer."""

    model: str
    status: int
    content_type: str
    request: str
    answer: str


class CassetteMiss(httpx2.TransportError):
    """A request that was never recorded."""


def digest(body: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of a request, whatever its keys' order and its cap's name is."""
    asked = json.loads(body or b"{}")
    if "max_tokens" in asked:
        asked["max_completion_tokens"] = asked.pop("max_tokens")
    plain = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


class Recorder(httpx2.AsyncBaseTransport):
    """Passes requests on and keeps each whole answer that was a success."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, folder: Path) -> None:
        self._inner = inner
        self._folder = folder

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask, keep, and hand on."""
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if response.status_code == httpx2.codes.OK:
            asked = request.content.decode()
            kept = Recorded(
                model=str(json.loads(asked).get("model", "")),
                status=response.status_code,
                content_type=response.headers.get("content-type", "application/json"),
                request=asked,
                answer=body.decode(),
            )
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{digest(request.content)}.json").write_text(kept.model_dump_json(indent=1))
        headers = {
            k: v for k, v in response.headers.items() if k not in {"content-encoding", "content-length"}
        }
        return httpx2.Response(response.status_code, headers=headers, content=body, request=request)

    async def aclose(self) -> None:
        """Close the real transport."""
        await self._inner.aclose()


class Player(httpx2.AsyncBaseTransport):
    """Answers from the tape; the network is never asked.

    Raises:
        SettingsError: the folder does not exist.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SettingsError(f"The folder {folder} with recorded model calls does not exist")
        self._folder = folder

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The recorded answer.

        Raises:
            NotOnTape: this was never asked while the tape was recorded.
        """
        name = digest(request.content)
        file = self._folder / f"{name}.json"
        if not file.is_file():
            raise CassetteMiss(
                f"the request {name} is not among the recorded calls in {self._folder}: prompts, tools, "
                "the incident or its evidence have changed since; record them again"
            )
        kept = Recorded.model_validate_json(file.read_text())
        return httpx2.Response(
            kept.status,
            headers={"content-type": kept.content_type},
            content=kept.answer.encode(),
            request=request,
        )

"""The HTTP client behind the chat client: asks as the endpoint understands it, hands back one known form."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai

from agents.llm.wire.asked import asked_of
from agents.llm.wire.completion import completion_of, failed_choice, generation_in
from agents.llm.wire.dialect import Dialect
from agents.llm.wire.events import Event, events_of
from agents.llm.wire.faults import CutStream, NotAnAnswer
from agents.llm.wire.pieces import Pieces, chunk_of
from agents.llm.wire.server_error import body_of, is_error, is_page, status_in, words_of

#: How often one request is changed by what its refusals said.
_CHANGES_AT_MOST = 5
#: Signs of life without content (comments, blank lines, single bytes) are worth so many times the seconds for
#: which a request may be silent. The client itself bounds each read alone, and a server that sends a byte now
#: and then would never end.
_SIGNS_OF_LIFE = 2.0
#: Seconds for what may come behind a stream's finish: figures, and the end.
_AFTER_FINISH = 3.0
#: A response that reports an error although it came as a success carries this mark.
IN_ANSWER = "nexus_error_in_answer"
_DONE = "[DONE]"
_BEGINS = (b"data:", b"event:", b":", b"id:", b"retry:", b"error:")


class Door(openai.DefaultAsyncHttpxClient):
    """Sends chat requests and reads their answers whole, streamed or not.

    Errors keep their status; one that came as a success gets the status that it names, or 500.
    """

    #: Set by `behind`; the client's own constructor takes no further arguments.
    dialect: Dialect

    @classmethod
    def behind(cls, dialect: Dialect, **options: Any) -> "Door":
        """A client that speaks a dialect."""
        door = cls(**options)
        door.dialect = dialect
        return door

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send, and send once more without what the endpoint refuses; the answer is read.

        Raises:
            CutStream: the stream broke off.
            NotAnAnswer: a success without an answer.
        """
        body = json.loads(request.content)
        options["stream"] = True
        for _ in range(_CHANGES_AT_MOST):
            sent = self.dialect.fitted(body)
            async with self._in_time(request):
                response = await super().send(self._with(request, sent), **options)
            try:
                if response.is_success:
                    return await self._read(response, body, sent)
                async with self._in_time(request):
                    refused = body_of((await response.aread()).decode("utf-8", "replace"))
            finally:
                await response.aclose()
            if generated := generation_in(refused):
                # The model's words, which the server itself could not read as a call.
                return _answer(response, 200, completion_of(generated, asked_of(body)))
            if not self.dialect.learnt(sent, response.status_code, refused):
                break
        return response

    @property
    def _patience(self) -> float | None:
        """Seconds within which some content has to come."""
        silent = self.timeout.read
        return None if silent is None else silent * _SIGNS_OF_LIFE

    @asynccontextmanager
    async def _in_time(self, request: httpx2.Request) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                yield
        except TimeoutError:
            raise httpx2.ReadTimeout("no content in time", request=request) from None

    def _with(self, request: httpx2.Request, sent: Mapping[str, Any]) -> httpx2.Request:
        data = json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in {"content-length", "transfer-encoding"}
        }
        return httpx2.Request(
            request.method, request.url, headers=headers, content=data, extensions=request.extensions
        )

    async def _read(
        self, response: httpx2.Response, body: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> httpx2.Response:
        chunks, first = response.aiter_bytes(), b""
        # The kind of body shows in its first line; blank ones may come long before the rest.
        async with self._in_time(response.request):
            async for chunk in chunks:
                first += chunk
                if first.strip():
                    break
        streamed = first.lstrip().startswith(_BEGINS) or "event-stream" in response.headers.get(
            "content-type", ""
        )
        if streamed:
            whole = await _streamed(_joined(first, chunks), self._patience)
        else:
            async with self._in_time(response.request):
                data = first + b"".join([chunk async for chunk in chunks])
            whole = _parsed(data)
        if not is_error(whole) and (error := failed_choice(whole)) is not None:
            whole = {"error": error}
        if is_error(whole):
            return _failed(response, whole)
        completion = completion_of(whole, asked_of(body))
        self.dialect.heard(sent, completion)
        return _answer(response, 200, completion)


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _streamed(chunks: AsyncIterator[bytes], patience: float | None) -> Mapping[str, Any]:
    """The completion that a stream makes, or the error that it ends with.

    Args:
        chunks: the body as it comes.
        patience: seconds within which the next event has to come; comments are none.

    Raises:
        ReadTimeout: no event came in time.
        CutStream: it ended before the answer was finished.
        NotAnAnswer: nothing in it was a chunk.
    """
    pieces, odd, done = Pieces(), "", False
    async for event in _until_the_end(events_of(chunks), pieces, patience):
        if event.data.strip() == _DONE:
            done = True
            break
        chunk = chunk_of(event.data)
        if event.name == "error" or (chunk is not None and is_error(chunk)):
            return chunk if chunk is not None and is_error(chunk) else {"error": chunk or event.data}
        if chunk is None:
            odd = odd or event.data
        else:
            pieces.add(chunk)
        if pieces.error is not None:
            return pieces.error
    if done or pieces.finish:
        return pieces.completion()
    if odd and not pieces.seen:
        raise NotAnAnswer(f"a stream of something else: {odd[:120]}")
    raise CutStream("no finish")


async def _until_the_end(
    events: AsyncIterator[Event], pieces: Pieces, patience: float | None
) -> AsyncIterator[Event]:
    """The events; behind the finish come only figures, so that nothing there is waited for or missed long."""
    while True:
        try:
            async with asyncio.timeout(_AFTER_FINISH if pieces.finish else patience):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except (TimeoutError, httpx2.TransportError) as broken:
            if pieces.finish:
                return
            if isinstance(broken, httpx2.TimeoutException):
                raise
            if isinstance(broken, TimeoutError):
                raise httpx2.ReadTimeout("no event in time") from None
            raise CutStream("the connection broke") from broken
        yield event


def _parsed(data: bytes) -> Any:
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        raise NotAnAnswer("an empty body")
    if is_page(text):
        raise NotAnAnswer(f"a web page ({words_of(text)})", page=True)
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return _from_lines(text)


def _from_lines(text: str) -> Mapping[str, Any]:
    """The completion of a stream that has a chunk of JSON on each line.

    Raises:
        NotAnAnswer: it is something else.
    """
    pieces = Pieces()
    for row in text.splitlines():
        chunk = chunk_of(row)
        if chunk is None:
            break
        pieces.add(chunk)
    if not pieces.finish:
        raise NotAnAnswer("a body that is no JSON, or only the beginning of one")
    return pieces.completion()


def _failed(response: httpx2.Response, whole: Any) -> httpx2.Response:
    failed = _answer(response, status_in(whole) or 500, whole)
    failed.extensions[IN_ANSWER] = True
    return failed


def _answer(response: httpx2.Response, status: int, whole: Any) -> httpx2.Response:
    headers = {
        name: value
        for name, value in response.headers.items()
        if name.lower() not in {"content-encoding", "content-length", "transfer-encoding", "content-type"}
    }
    return httpx2.Response(
        status,
        headers={**headers, "content-type": "application/json"},
        content=json.dumps(whole).encode(),
        request=response.request,
    )

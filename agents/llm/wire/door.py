"""The HTTP client behind the chat client: asks as the endpoint understands it, hands back one known form."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai

from agents.llm.wire import responses
from agents.llm.wire.asked import Asked, asked_of
from agents.llm.wire.completion import completion_of, failed_choice, generation_in
from agents.llm.wire.dialect import Dialect
from agents.llm.wire.faults import Came, NotAnAnswer
from agents.llm.wire.pieces import Pieces, chunk_of
from agents.llm.wire.server_error import body_of, is_error, is_page, status_in, usage_in, words_of
from agents.llm.wire.streamed import streamed

#: How often one request is changed by what its refusals said.
_CHANGES_AT_MOST = 5
#: Signs of life without content (comments, blank lines, single bytes) are worth so many times the seconds for
#: which a request may be silent. The client itself bounds each read alone, and a server that sends a byte now
#: and then would never end.
_SIGNS_OF_LIFE = 2.0
#: A response that reports an error although it came as a success carries this mark.
IN_ANSWER = "nexus_error_in_answer"
#: And what came before it.
CAME = "nexus_came"
_BEGINS = (b"data:", b"event:", b":", b"id:", b"retry:", b"error:")


class Door(openai.DefaultAsyncHttpxClient):
    """Sends chat requests and reads their answers whole, streamed or not.

    Errors keep their status; one that came as a success gets the status that it names, or 500.
    """

    #: Set by `behind`; the client's own constructor takes no further arguments.
    dialect: Dialect
    #: Thoughts of this conversation, by the call that they stood before: who keeps nothing wants them back.
    thoughts: dict[str, list[responses.Item]]

    @classmethod
    def behind(cls, dialect: Dialect, **options: Any) -> "Door":
        """A client that speaks a dialect."""
        door = cls(**options)
        door.dialect = dialect
        door.thoughts = {}
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
            sent = self.dialect.fitted(body, self.thoughts)
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
        url = request.url
        if self.dialect.by_responses and url.path.endswith(responses.CHAT_PATH):
            url = url.copy_with(path=url.path.removesuffix(responses.CHAT_PATH) + responses.PATH)
        return httpx2.Request(
            request.method, url, headers=headers, content=data, extensions=request.extensions
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
        by_events = first.lstrip().startswith(_BEGINS) or "event-stream" in response.headers.get(
            "content-type", ""
        )
        came = Came()
        if by_events:
            whole, came = await streamed(_joined(first, chunks), self._patience)
        else:
            async with self._in_time(response.request):
                data = first + b"".join([chunk async for chunk in chunks])
            whole = _parsed(data)
        came = came or Came(usage=usage_in(whole))
        if (failure := responses.failure_in(whole)) is not None:
            whole = failure
        elif not is_error(whole) and (error := failed_choice(whole)) is not None:
            whole = {"error": error}
        if is_error(whole):
            return _failed(response, whole, came)
        completion = _completion(whole, asked_of(body), came)
        self._keep(responses.thoughts_of(whole), completion)
        self.dialect.heard(sent, completion)
        return _answer(response, 200, completion)

    def _keep(self, thoughts: list[responses.Item], completion: Mapping[str, Any]) -> None:
        calls = completion["choices"][0]["message"].get("tool_calls")
        if thoughts and calls:
            self.thoughts[calls[0]["id"]] = thoughts


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


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


def _completion(whole: Any, asked: Asked, came: Came) -> dict[str, Any]:
    """The completion in a body of either interface.

    Raises:
        NotAnAnswer: there is none in it; it was paid for all the same.
    """
    try:
        return completion_of(responses.chat_of(whole) if responses.is_response(whole) else whole, asked)
    except NotAnAnswer as odd:
        odd.came = came
        raise


def _failed(response: httpx2.Response, whole: Any, came: Came) -> httpx2.Response:
    failed = _answer(response, status_in(whole) or 500, whole)
    failed.extensions[IN_ANSWER] = True
    failed.extensions[CAME] = came
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

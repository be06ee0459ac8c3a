"""What a server says went wrong, in whichever shape it says it. Pure functions of a body."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from agents.llm.wire.json_text import loads, values_in

#: Under which keys servers write the reason, the more telling first.
_WORDS = (
    "message", "detail", "details", "error", "errors", "error_message", "errorMessage", "msg", "reason",
    "description", "error_description", "Message", "title", "faultstring", "fault", "raw", "response",
    "status_msg",
)  # fmt: skip
#: What a body holds that is an error and has no `error`.
_ERROR_KEYS = ("errors", "detail", "error_message", "error_msg", "fault")
#: A sentence that only says that another server failed; its own words stand beside it.
_HOLLOW = re.compile(r"provider returned error|upstream error|internal error|bad request", re.IGNORECASE)
_HTML = re.compile(r"\A\s*(?:<!doctype html|<html|<head|<body|<\?xml)", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")

_TOO_LONG = re.compile(
    r"context.?(?:length|window|size|limit)|maximum context|max_model_len|n_ctx"
    r"|maximum (?:model|prompt) length"
    r"|must (?:have|be) (?:less|fewer|at most)[^.]{0,30}tokens|expected maxLength"
    r"|(?:prompt|input|request|message)s?\b[^.]{0,40}\b(?:is|are) too (?:long|large)|prompt too long"
    r"|too many (?:input )?tokens"
    r"|exceed\w*[^.]{0,60}\b(?:maximum|max|limit|allowed)[^.]{0,30}\btokens?\b"
    r"|(?:input|prompt)\s+(?:token|length|is longer)[^.]{0,60}exceed|exceed\w*[^.]{0,40}context"
    r"|max_new_tokens`? must be|input_tokens_exceeded|input length"
    r"|number of (?:input )?tokens[^.]{0,40}exceed|context of \d+ tokens"
    r"|string_above_max_length|reduce the length of"
    r"|keep the first \d+ tokens|token (?:count|limit)[^.]{0,30}exceed|exceeds?[^.]{0,20}token limit",
    re.IGNORECASE,
)
#: Limits of the rate are told in tokens as well.
_RATE = re.compile(r"rate.?limit|per[ _](?:minute|day|hour|second)|\b[TR]P[MD]\b|quota", re.IGNORECASE)
_LOADING = re.compile(
    r"\bloading\b|\bbeing loaded\b|warming up|cold start"
    r"|model (?:is )?(?:not (?:yet )?ready|initiali[sz]ing|starting)"
    r"|server (?:is )?(?:starting|initiali[sz]ing)|still starting",
    re.IGNORECASE,
)
_NOT_LOADED = re.compile(
    r"(?:error|fail\w*|unable|cannot|can't|could not|problem|crash\w*|refus\w*)\W+(?:\w+\W+){0,3}load",
    re.IGNORECASE,
)
_MODERATED = re.compile(
    r"content.?(?:filter|policy|management)|moderation|\bflagged\b|safety (?:system|policy|filter)"
    r"|responsibleai|data_?inspection_?failed|content exists risk|inappropriate content"
    r"|blocked by .{0,30}(?:safety|guardrail)"
    r"|guardrail|sensitive (?:words|content)|promptattack|prohibited_content",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient[ _](?:quota|balance|credits?|funds)|exceeded your current quota|billing|out of credits"
    r"|payment required|not enough (?:credits?|balance)|arrears|spending limit",
    re.IGNORECASE,
)


def body_of(text: str) -> Any:
    """A body as JSON where it is JSON, else as text."""
    try:
        return loads(text)
    except ValueError:
        return text


def words_of(body: Any) -> str:
    """The server's reason as one line of text; empty if it gives none."""
    return " ".join(_reason(body, 0).split())


def is_error(body: Any) -> bool:
    """Whether a body that came as a success reports a failure."""
    if isinstance(body, list):
        return bool(body) and all(is_error(one) for one in body)
    if not isinstance(body, Mapping):
        return False
    if body.get("error") or body.get("object") == "error" or body.get("type") == "error":
        return True
    answered = any(key in body for key in ("choices", "candidates", "promptFeedback", "prompt_feedback"))
    return not answered and any(
        body.get(key) for key in ("errors", "detail", "error_message", "error_msg", "fault")
    )


def status_in(body: Any) -> int | None:
    """The HTTP status that a body names, as a number or as digits."""
    for one in _maps(body, 0):
        for key in ("code", "status", "status_code", "statusCode", "http_code", "error_code"):
            said = one.get(key)
            if isinstance(said, bool) or not isinstance(said, str | int):
                continue
            if str(said).isdecimal() and 400 <= int(said) <= 599:
                return int(said)
        kinds = {str(one.get(key) or "").lower() for key in ("type", "code", "status")}
        for kind, status in _STATUS_OF_KIND.items():
            if any(kind in said for said in kinds):
                return status
    return None


_STATUS_OF_KIND = {
    "rate_limit": 429, "resource_exhausted": 429, "authentication": 401, "invalid_api_key": 401,
    "unauthenticated": 401, "permission": 403, "not_found": 404, "insufficient_quota": 429,
    "context_length": 400, "exceed_context": 400, "invalid_request": 400, "invalid_argument": 400,
    "overloaded": 503, "unavailable": 503, "invalid_prompt": 400,
}  # fmt: skip


def too_long(said: str) -> bool:
    """Whether a reason says that the request does not fit the model's context."""
    return bool(_TOO_LONG.search(said)) and not _RATE.search(said)


def figures(body: Any, said: str) -> tuple[int, int] | None:
    """Tokens asked and tokens allowed, where the body names exactly two figures."""
    for one in _maps(body, 0):
        asked, most = one.get("n_prompt_tokens"), one.get("n_ctx")
        if isinstance(asked, int) and isinstance(most, int):
            return asked, most
    found = {int(re.sub(r"[,_]", "", number)) for number in re.findall(r"\b\d[\d,_]{2,}\b", said)}
    return (max(found), min(found)) if len(found) == 2 else None


def is_loading(said: str) -> bool:
    """Whether a reason says that the model is being loaded."""
    return bool(_LOADING.search(said)) and not _NOT_LOADED.search(said)


def is_moderated(said: str) -> bool:
    """Whether a filter refuses this request's words."""
    return bool(_MODERATED.search(said))


def is_unpaid(said: str) -> bool:
    """Whether the account has nothing left, which no waiting mends."""
    return bool(_NO_MONEY.search(said))


def codes_of(body: Any) -> str:
    """The words by which a body names its kind of error."""
    return " ".join(str(one[key]) for one in _maps(body, 0) for key in ("code", "type") if one.get(key))


def usage_in(body: Any) -> Mapping[str, Any]:
    """The figures of what was used, wherever a body has them; empty if it has none."""
    return next((one["usage"] for one in _maps(body, 0) if isinstance(one.get("usage"), Mapping)), {})


def params_of(body: Any) -> set[str]:
    """The request's fields that an error names as its place."""
    named = {str(one["param"]) for one in _maps(body, 0) if isinstance(one.get("param"), str)}
    places = [one["loc"] for one in _maps(body, 0) if isinstance(one.get("loc"), list)]
    return named | {str(part) for place in places for part in place if isinstance(part, str)} - {"body"}


def is_page(text: str) -> bool:
    """Whether a body is a web page."""
    return bool(_HTML.match(text))


def _reason(body: Any, depth: int) -> str:
    if depth > 8 or body is None or isinstance(body, bool | int | float):
        return ""
    if isinstance(body, str):
        return _unwrapped(body, depth)
    if isinstance(body, list):
        return "; ".join(dict.fromkeys(said for one in body[:3] if (said := _reason(one, depth + 1))))
    if not isinstance(body, Mapping):
        return ""
    if isinstance(body.get("loc"), list):
        return _validation(body, depth)
    found = [said for key in _WORDS if (said := _reason(body.get(key), depth + 1))]
    inner = _reason(body.get("metadata"), depth + 1)
    if not found:
        return inner
    return (
        f"{found[0]}: {inner}" if inner and inner not in found[0] and _HOLLOW.search(found[0]) else found[0]
    )


def _validation(body: Mapping[str, Any], depth: int) -> str:
    """One of FastAPI's findings: where, and what."""
    place = ".".join(str(part) for part in body["loc"] if part != "body")
    said = _reason(body.get("msg") or body.get("message"), depth + 1)
    return f"{place}: {said}" if place and said else said or place


def _unwrapped(text: str, depth: int) -> str:
    """A text; of a web page its heading, of JSON inside a sentence its reason."""
    if is_page(text):
        headings = [unescape(_TAGS.sub("", found[1])).strip() for found in _TITLE.findall(text)]
        return next((said for said in headings if said), "a web page")
    found = [one for one in values_in(text) if isinstance(one.value, Mapping)] if "{" in text else []
    inner = _reason(found[0].value, depth + 1) if found else ""
    return inner or text.strip()


def _maps(body: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Every object in a body, the outer first."""
    if depth > 8:
        return
    if isinstance(body, Mapping):
        yield body
        for value in body.values():
            yield from _maps(value, depth + 1)
    elif isinstance(body, list):
        for value in body[:20]:
            yield from _maps(value, depth + 1)

"""What a form sends: fields by name, checked as any other request."""

from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

from incidents.errors import UsageError
from incidents.value import Value
from nexus.server.body import read_body
from nexus.server.sessions import CSRF_FIELD

V = TypeVar("V", bound=Value)
Form = ImmutableMultiDict[str, str]

_ENCODING = "application/x-www-form-urlencoded"
#: A form with more fields is none of ours.
_MOST_FIELDS = 500


async def read_form(request: Request) -> Form:
    """The fields of a form.

    Raises:
        HTTPException: 415 if it is encoded otherwise, 413 and 408 as every body, 400 if it cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _ENCODING:
        raise HTTPException(415, f"a form is sent as {_ENCODING}")
    try:
        text = (await read_body(request)).decode()
        return Form(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise HTTPException(400, "the form cannot be read; nothing was changed") from None


def filled(kind: type[V], form: Form, many: tuple[str, ...] = ()) -> V:
    """A request from the fields of a form; one that is left empty counts as not given.

    Args:
        kind: of the request.
        form: what was sent.
        many: the fields that hold several values.

    Raises:
        UsageError: a field is missing or wrong; it is named.
    """
    given: dict[str, object] = {n: v for n, v in form.items() if v.strip() and n != CSRF_FIELD}
    given |= {name: form.getlist(name) for name in many}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise UsageError(f"{_fault(error)}; nothing was changed") from None


def asked(kind: type[V], request: Request) -> V:
    """What a page is asked with in its address; a parameter that is left empty counts as not given.

    Raises:
        UsageError: a parameter is wrong or not known; it is named.
    """
    try:
        return kind.model_validate({n: v for n, v in request.query_params.items() if v.strip()})
    except ValidationError as error:
        raise UsageError(_fault(error)) from None


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"

"""What a form sends: fields by name, checked as any other request."""

from typing import Self, TypeVar
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


class Refusal(Value):
    """A form that was not taken.

    Attributes:
        path: where it was sent.
        fields: what was typed and chosen, without the token of its page.
        field: the one that is to be mended; empty if it is none of them.
        why: the sentence.
    """

    path: str
    fields: dict[str, tuple[str, ...]]
    field: str
    why: str

    @property
    def texts(self) -> tuple[str, ...]:
        """What somebody wrote: it stands there also where they may not fill the form in any more."""
        return tuple(one for said in self.fields.values() for one in said if len(one.split()) > 1)

    @classmethod
    def of(cls, path: str, form: Form, why: str) -> Self:
        """What was sent, and the field with whose name the sentence begins."""
        fields = {name: tuple(form.getlist(name)) for name in form if name != CSRF_FIELD}
        named = why.partition(":")[0]
        return cls(path=path, fields=fields, field=named if named in fields else "", why=why)


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

"""A form that a team describes itself: for each field the JMESPath expression that finds it in a body."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from incidents.errors import AlertError
from incidents.value import Value
from tools.alerts.body import NOTHING, Body, Raw, Text, plain_word, scalar
from tools.alerts.form import FIRES, AlertDraft, Form
from tools.alerts.meaning import Meaning
from tools.expression import Expression, found_by


def _means(word: str) -> str:
    if plain_word(word) not in {plain_word(meaning) for meaning in Meaning}:
        known = ", ".join(Meaning)
        raise PydanticCustomError("meaning", "it must be one of {known}", {"known": known})
    return plain_word(word)


#: Over the body, or over one element of `each`.
Path = Expression


class FormMapping(Value):
    """Where each field of an alert stands; what is left out is not in the body."""

    title: Path
    state: Path | None = Field(default=None, description="without one, every delivery fires")
    states: Mapping[str, Annotated[str, AfterValidator(_means)]] = Field(
        default={}, description="your own words: {raised: firing, gone: resolved}"
    )
    service: Path | None = None
    severity: Path | None = None
    description: Path | None = None
    started: Path | None = None
    ended: Path | None = None
    key: Path | None = Field(default=None, description="the same at the end; else made of title and labels")
    labels: Path | None = Field(default=None, description="an object, or a list of name and value")
    links: Mapping[str, Path] = {}
    each: Path | None = Field(default=None, description="a list with one alert in each element")
    when: Path | None = Field(default=None, description="true for bodies of this form; else by name only")


def form_of(name: str, mapping: "FormMapping") -> Form:
    """The form that a mapping describes."""

    def recognises(body: Body) -> bool:
        return mapping.when is not None and bool(_found(body, mapping.when, "when"))

    def read(body: Body) -> Iterable[AlertDraft]:
        if mapping.each is None:
            yield _draft(body, mapping)
            return
        elements = _found(body, mapping.each, "each")
        if not isinstance(elements, list):
            raise AlertError(f"each: {mapping.each} finds no list")
        for index, element in enumerate(elements):
            yield _draft(Body(element, body.headers, f"{mapping.each}[{index}]", body.received_at), mapping)

    return Form(name=name, product="a form of nexus.yaml", recognises=recognises, read=read)


def _draft(body: Body, mapping: "FormMapping") -> AlertDraft:
    def text(name: str, expression: str | None) -> Text:
        found = scalar(_found(body, expression, name)) if expression is not None else ""
        return Text(found, body.path(expression or name))

    def raw(name: str, expression: str | None) -> Raw:
        return Raw(_found(body, expression, name) if expression is not None else None, expression or name)

    state = text("state", mapping.state)
    labels = _found(body, mapping.labels, "labels") if mapping.labels is not None else None
    return AlertDraft(
        title=text("title", mapping.title),
        state=state if mapping.state is not None else FIRES,
        words={plain_word(word): _BY_WORD[meaning] for word, meaning in mapping.states.items()},
        service=text("service", mapping.service),
        severity=text("severity", mapping.severity),
        description=text("description", mapping.description),
        started=raw("started", mapping.started),
        ended=raw("ended", mapping.ended),
        key=text("key", mapping.key) if mapping.key is not None else NOTHING,
        labels=Body({"labels": labels}).labels("labels"),
        links={name: text(name, expression) for name, expression in mapping.links.items()},
    )


_BY_WORD = {plain_word(meaning): meaning for meaning in Meaning}


def _found(body: Body, expression: str, name: str) -> Any:
    try:
        return found_by(expression, body.value)
    except ValueError as error:
        raise AlertError(f"{name}: {error}") from error

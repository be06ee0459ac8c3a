"""The attacks as data, bound to the names of one recorded incident."""

from enum import StrEnum
from importlib.resources import files
from typing import Self

import polars as pl
from pydantic import Field

from evals.case import EvalCase
from incidents.action import Action, ActionKind, Arguments
from incidents.document import parse_document, read_yaml
from incidents.errors import CaseError
from incidents.severity import Severity
from incidents.value import Value
from tools.recorded.case import open_case

#: The levels of the lines that are read when something is wrong.
TELLING = ("error", "fatal", "warn")


class Place(StrEnum):
    """Where the attacker can write."""

    LOG = "log"
    ALERT_LABEL = "alert_label"
    ALERT_ANNOTATION = "alert_annotation"
    ALERT_TITLE = "alert_title"
    COMMIT_SUMMARY = "commit_summary"
    AUTHOR = "author"
    OPERATION = "operation"
    VERSION = "version"
    COMMIT = "commit"
    CHANGE_ID = "change_id"


class Wish(Value):
    """What the attacker is after: an action, or that the incident is taken lightly."""

    kind: ActionKind | None = None
    service: str = ""
    version: str | None = None
    replicas: int | None = None
    commit: str | None = None
    flag: str | None = None
    enabled: bool | None = None
    undo: bool | None = None
    severity: Severity | None = None
    false_alarm: bool = False

    @property
    def action(self) -> Action | None:
        """The action that is wanted, or None."""
        if self.kind is None:
            return None
        own = self.model_dump(include=set(Arguments.model_fields))
        return Action(kind=self.kind, service=self.service, arguments=Arguments.model_validate(own))


#: The words of a wish that may name parts of the case.
_BOUND = frozenset({"service", "version", "commit", "flag"})


class Variant(Value):
    """One attack. `marker` is a part of `text` by which an obedient model knows that it has read it."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    place: Place
    marker: str = Field(min_length=4)
    text: str
    wants: Wish

    def bound(self, names: "Names") -> Self:
        """The same attack with the names of a case."""

        def bind(text: str) -> str:
            for name, value in names:
                text = text.replace(f"{{{name}}}", value)
            return text

        wish = self.wants.model_dump()
        words = {name: bind(said) for name, said in wish.items() if isinstance(said, str) and name in _BOUND}
        wants = self.wants.model_copy(update=words)
        return self.model_copy(update={"text": bind(self.text), "wants": wants})


class Names(Value):
    """What the attacks name in a case."""

    cause: str
    other: str
    version: str


class _Document(Value):
    variants: tuple[Variant, ...] = Field(min_length=25)


def load_variants() -> tuple[Variant, ...]:
    """Every attack that ships.

    Raises:
        CaseError: the file breaks a rule.
    """
    source = "variants.yaml"
    text = files("evals").joinpath("redteam", source).read_text(encoding="utf-8")
    found = parse_document(
        read_yaml(text, source=source, error=CaseError), _Document, source=source, error=CaseError
    ).variants
    for one in found:
        if one.marker not in one.text:
            raise CaseError(f"{source}: {one.id}: the marker is no part of the text")
    if len({one.id for one in found}) < len(found):
        raise CaseError(f"{source}: an id stands twice")
    return found


def names_of(case: EvalCase) -> Names:
    """The names that attacks use in a case: its cause, and a healthy service that was changed too.

    Raises:
        CaseError: its truth names no cause, the cause writes nothing that an attacker could write into, or
            nothing else was changed.
    """
    cause = case.truth.cause.service
    recording = open_case(case.folder).recording
    written = recording.telemetry.logs.filter(pl.col("level").is_in(TELLING))["service"]
    called = recording.telemetry.traces["service"]
    changed = [one for one in recording.changes if one.service != cause and one.version_from]
    if cause is None or not changed or cause not in written or cause not in called:
        raise CaseError(
            f"{case.id} cannot be attacked: it needs a known cause that logs errors and has spans, and a "
            "change of another service"
        )
    return Names(cause=cause, other=changed[0].service, version=changed[0].version_from)

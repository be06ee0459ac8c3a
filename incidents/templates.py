"""The runbook's templates for what is told."""

from string import Formatter
from typing import Self

from pydantic import model_validator

from incidents.value import Value

_STATUS_FIELDS = {"timestamp", "service", "status", "impact", "current_action", "next_update"}
_BRIEF_FIELDS = {"timestamp", "situation", "cause", "action", "eta", "impact", "next_update"}


def _fields_of(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


class Templates(Value):
    """The two communication templates; each must use exactly its fields."""

    status_update: str
    brief: str

    @model_validator(mode="after")
    def _have_their_fields(self) -> Self:
        for name, template, wanted in (
            ("status_update", self.status_update, _STATUS_FIELDS),
            ("brief", self.brief, _BRIEF_FIELDS),
        ):
            if (found := _fields_of(template)) != wanted:
                raise ValueError(f"{name} must use {sorted(wanted)}, it uses {sorted(found)}")
        return self

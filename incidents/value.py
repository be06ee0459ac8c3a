"""The base of every value that crosses a room's door."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic_core import from_json


class Value(BaseModel):
    """A frozen, strict-keyed value: change it by `model_copy(update=...)`, never in place."""

    # Validators are built when a type is first used, so that a verb that needs few of them starts fast.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @classmethod
    def from_stored(cls, kept: object) -> Self:
        """A value that was kept as JSON, as text or as plain objects; unknown keys are passed over.

        Raises:
            ValidationError: it is something else.
        """
        return cls.model_validate(plain(kept), extra="ignore")


def plain(kept: object) -> object:
    """The plain objects of a JSON text; what is none already, or no JSON, stays as it is.

    Reading first and validating then takes less than half the time of `model_validate_json` (pydantic 2.14:
    1.2 instead of 3.0 ms for an incident of 40 kB).
    """
    if isinstance(kept, str | bytes):
        with suppress(ValueError):
            return from_json(kept)
    return kept


def _in_utc(moment: datetime) -> datetime:
    """Bring a moment to UTC. One that no calendar has there, such as the year 1 east of it, is refused."""
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies in no year from 1 to 9999 in UTC") from None


@lru_cache(maxsize=1024)  # the moment of a delivery, or of a turn, stands in many values
def iso(moment: datetime) -> str:
    """An aware moment as ISO 8601 in UTC with a `Z`, to the millisecond where it has one."""
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def minute(moment: datetime) -> str:
    """A moment as people read it: `2026-03-12 10:06 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def by_minute(moment: datetime) -> datetime:
    """The first whole minute that is not before it: what was over at 07:55:52 was over by 07:56."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


#: A moment with a zone, kept in UTC and written as ISO 8601 with a `Z`. A naive time is refused.
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]

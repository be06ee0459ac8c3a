"""Notices for tests."""

from incidents.severity import Severity
from nexus.notify.notice import Audience, Facts, Notice, Purpose
from tests.nexus.sample import ID, at


def notice(**changes: object) -> Notice:
    """A page of a P1."""
    return Notice(
        key=f"{ID}/page/stalled",
        thread=ID,
        incident=ID,
        purpose=Purpose.PAGE,
        audience=Audience.ON_CALL,
        severity=Severity.P1,
        services=("checkout",),
        title="Checkout fails for one in three",
        text="The agents stall: somebody has to look.",
        facts=Facts(noticed="One in three payments fails", since=at(1)),
        at=at(5),
        link=f"https://nexus.example/incidents/{ID}",
    ).model_copy(update=changes)

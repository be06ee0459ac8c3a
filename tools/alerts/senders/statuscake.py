"""StatusCake, which sends the fields of an HTML form."""

from collections.abc import Iterable

from tools.alerts.body import Body, joined
from tools.alerts.form import AlertDraft, Form, Item


def _read(body: Body) -> Iterable[Item]:
    yield AlertDraft(
        title=joined(body.text("Name"), body.text("StatusCode")),
        state=body.text("Status"),
        service=body.text("Name"),
        key=body.text("TestID") or body.text("URL"),
        labels={**body.labels("Tags"), **body.picked("URL", "IP", "StatusCode")},
        links=body.links("URL"),
    )


FORMS = (
    Form(
        name="statuscake",
        product="StatusCake",
        recognises=lambda body: body.names("Status", "Name") and (body.names("URL") or body.names("Token")),
        read=_read,
    ),
)

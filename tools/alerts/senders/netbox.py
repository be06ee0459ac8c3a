"""NetBox: a webhook about the inventory is a change of what it describes."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import Body, joined
from tools.alerts.form import ChangeDraft, Form, Item


def _read(body: Body) -> Iterable[Item]:
    event, model = body.text("event"), body.text("model")
    name = body.text("data.name", "data.display", "data.id")
    yield ChangeDraft(
        service=name,
        kind=ChangeKind.INFRA,
        id=body.text("request_id"),
        time=body.raw("timestamp"),
        author=body.text("username"),
        summary=joined(joined(model, name, by=" "), event),
        hints=(body.text("data.description"), body.text("data.custom_fields.service")),
    )


FORMS = (
    Form(
        name="netbox",
        product="NetBox",
        recognises=lambda body: body.names("event", "model", "data") and body.names("username"),
        read=_read,
    ),
)

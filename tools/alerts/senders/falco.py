"""Falco and Falcosidekick: a rule was broken; it tells no ends."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text, joined
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning


def _read(body: Body) -> Iterable[Item]:
    fields = body.at("output_fields")
    labels = fields.labels("")
    # What Falcosidekick's `/test` sends is marked by nothing but its own name as the process.
    if body.get("rule") == "Test rule" and labels.get("proc.name") == "falcosidekick":
        yield NoticeDraft(Meaning.TEST, "Falcosidekick's test event")
        return
    yield AlertDraft(
        title=body.text("rule"),
        state=FIRES,
        service=Text(labels.get("k8s.deployment.name", ""), "output_fields.k8s.deployment.name"),
        severity=body.text("priority"),
        description=body.text("output"),
        started=body.raw("time"),
        key=joined(
            body.text("rule"),
            body.text("hostname"),
            Text(labels.get("container.id", ""), "container.id"),
            by="/",
        ),
        labels={**labels, **body.picked("hostname", "source")},
    )


FORMS = (
    Form(
        name="falco",
        product="Falco",
        recognises=lambda body: body.names("rule", "priority", "output"),
        read=_read,
        aliases=("falcosidekick",),
    ),
)

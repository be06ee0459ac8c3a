"""Flux: what was reconciled is a change, and what failed an alert until it is reconciled again."""

from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import Body, Text, joined
from tools.alerts.form import AlertDraft, ChangeDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning


def _read(body: Body) -> Iterable[Item]:
    about, reason = body.at("involvedObject"), body.text("reason")
    name, severity = about.text("name"), body.text("severity")
    revision = _revision(body)
    is_failure = severity.value == "error"
    if revision and (is_failure or reason.value.endswith(("Succeeded", "Reconciled"))):
        yield ChangeDraft(
            service=name,
            kind=ChangeKind.DEPLOY,
            id=joined(about.text("kind"), name, revision, by="/"),
            time=body.raw("timestamp"),
            version_to=revision,
            summary=joined(reason, body.text("message")),
            commit=revision._replace(value=revision.value.rpartition(":")[2]),
            healthy=not is_failure,
            environment=body.text("metadata.environment", "metadata.env", "metadata.cluster"),
        )
    if not is_failure and not reason.value.endswith(("Succeeded", "Reconciled")):
        yield NoticeDraft(Meaning.COMMENT, f"Flux: {name.value}: {reason.value}")
        return
    yield AlertDraft(
        title=joined(joined(about.text("kind"), name, by=" "), reason) if is_failure else name,
        state=severity._replace(value="firing" if is_failure else "resolved"),
        service=name,
        severity=severity if is_failure else Text("", "severity"),
        description=body.text("message"),
        started=body.raw("timestamp"),
        ended=body.raw("timestamp"),
        key=joined(about.text("namespace"), about.text("kind"), name, by="/"),
        labels={**body.labels("metadata"), **about.picked("namespace", "kind", "name")},
    )


def _revision(body: Body) -> Text:
    """The revision, whose key is named after the controller in some versions."""
    for name in body.labels("metadata"):
        if name.rpartition("/")[2] in {"revision", "app-version"}:
            metadata = body.at("metadata")
            values = metadata.labels("")
            return Text(values[name], metadata.path(name))
    return Text("", body.path("metadata.revision"))


FORMS = (
    Form(
        name="flux",
        product="Flux notifications",
        recognises=lambda body: (
            body.has("involvedObject.kind") and body.has("severity") and body.has("reason")
        ),
        read=_read,
        aliases=("fluxcd",),
    ),
)

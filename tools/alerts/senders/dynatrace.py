"""Dynatrace: problem notifications of a custom integration, with its default payload or one's own."""

from collections.abc import Iterable

from tools.alerts.body import Body, Text
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

_STATES = words(firing="open", resolved="resolved closed", comment="merged")


def _read(body: Body) -> Iterable[Item]:
    if body.text("ProblemID").value == "999" or "test run" in body.text("ProblemTitle").value.lower():
        yield NoticeDraft(Meaning.TEST, "Dynatrace's test of this notification")
        return
    labels = body.labels("Tags", "ProblemDetailsJSON.tagsOfAffectedEntities")
    entity = next((one.text("name") for one in body.each("ImpactedEntities") if one.text("name")), None)
    yield AlertDraft(
        title=body.text("ProblemTitle"),
        state=body.text("State", "ProblemStatus", "Status"),
        words=_STATES,
        service=Text(labels.get("service", ""), "Tags")
        or body.spelled("service", "servicename")
        or entity
        or body.text("ImpactedEntityNames", "ImpactedEntity"),
        description=body.text("ProblemDetailsText", "ProblemDetails"),
        started=body.raw("ProblemDetailsJSON.startTime", "ProblemDetailsJSONv2.startTime", "StartTime"),
        ended=body.raw("ProblemDetailsJSON.endTime", "ProblemDetailsJSONv2.endTime", "EndTime"),
        key=body.text("PID", "ProblemID"),
        labels={**labels, **body.picked("ProblemImpact", "ProblemSeverity", "ImpactedEntity", "ProblemID")},
        links=body.links("ProblemURL", "Problem URL"),
    )


FORMS = (
    Form(
        name="dynatrace",
        product="Dynatrace",
        recognises=lambda body: body.names("ProblemTitle") or body.names("ProblemID", "State"),
        read=_read,
    ),
)

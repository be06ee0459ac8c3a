"""Amazon SNS: an envelope around what a topic carries, and the confirmation of a subscription."""

from collections.abc import Iterable

from incidents.errors import AlertError
from tools.alerts.body import Body, Text
from tools.alerts.form import AlertDraft, Envelope, Form, Item, NoticeDraft, Subscription
from tools.alerts.meaning import Meaning, words


def recognises(body: Body) -> bool:
    """Whether it is an envelope, with or without what SNS itself adds to a message."""
    is_alone = isinstance(body.value, dict) and len(body.value) == 1
    is_message = body.names("Message") and (body.names("Type") or body.names("TopicArn") or is_alone)
    return is_message or body.has("Records.0.Sns")


def _read(body: Body) -> Iterable[Item]:
    if body.names("Records"):  # as a function of AWS Lambda is given it
        for record in body.objects("Records"):
            yield from _read(record.at("Sns"))
        return
    kind = body.text("Type")
    if kind.value == "SubscriptionConfirmation":
        if not body.text("SubscribeURL"):
            raise AlertError("SubscribeURL: is missing; it is where a subscription is confirmed")
        yield Subscription(topic=body.text("TopicArn"), link=body.text("SubscribeURL"))
    elif kind.value == "UnsubscribeConfirmation":
        yield NoticeDraft(Meaning.COMMENT, f"the subscription of {body.text('TopicArn').value} has ended")
    else:
        yield Envelope(body.at("Message"), _message(body), body.raw("Timestamp"))


def _message(body: Body) -> AlertDraft | NoticeDraft:
    """A message that is no alert of any form: a sentence with a subject at most."""
    subject, text = body.text("Subject"), body.text("Message")
    return NoticeDraft(
        Meaning.COMMENT, f"a message of {body.text('TopicArn').value}: {(subject or text).value}"
    )


#: Dimensions that name what the alarm is about; every team has its own.
_SERVICE = ("service", "servicename", "functionname", "application")
_PLACES = ("AWSAccountId", "Region", "Namespace", "MetricName", "Trigger.Namespace", "Trigger.MetricName")
#: CloudWatch's own words.
_STATES = words(firing="alarm", resolved="ok", no_data="insufficient_data")


def _alarm(body: Body) -> Iterable[Item]:
    labels = {**body.labels("Trigger.Dimensions")}
    for metric in body.each("Trigger.Metrics"):
        labels |= metric.labels("MetricStat.Metric.Dimensions")
    named = {name.lower(): value for name, value in labels.items()}
    service = next((Text(named[name], "Trigger.Dimensions") for name in _SERVICE if name in named), None)
    labels |= body.picked(*_PLACES)
    yield AlertDraft(
        title=body.text("AlarmName"),
        state=body.text("NewStateValue") or body.text("AlarmName")._replace(value="alarm"),
        words=_STATES,
        service=service or body.text("Service", "Application"),
        severity=body.text("Severity", "Priority"),
        description=body.text("AlarmDescription", "NewStateReason"),
        started=body.raw("StateChangeTime"),
        ended=body.raw("StateChangeTime"),
        key=body.text("AlarmArn"),
        labels=labels,
        annotations={"reason": body.text("NewStateReason").value},
    )


FORMS = (
    Form(name="sns", product="Amazon SNS", recognises=recognises, read=_read, envelope=True),
    Form(
        name="cloudwatch",
        product="Amazon CloudWatch alarms",
        recognises=lambda body: body.names("AlarmName"),
        read=_alarm,
    ),
)

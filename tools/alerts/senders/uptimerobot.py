"""UptimeRobot, whose webhook sends its variables under any names."""

from collections.abc import Iterable

from tools.alerts.body import Body, Raw, joined
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import words

_STATES = words(firing="1 down", resolved="2 up", comment="3")


def _read(body: Body) -> Iterable[Item]:
    name, details = body.spelled("monitorfriendlyname", "monitorname"), body.spelled("alertdetails")
    moment = body.spelled("alertdatetime")
    yield AlertDraft(
        title=joined(name, details),
        state=body.spelled("alerttype", "alerttypefriendlyname"),
        words=_STATES,
        service=name,
        started=Raw(moment.value or None, moment.path),
        ended=Raw(moment.value or None, moment.path),
        key=body.spelled("monitorid"),
        labels={"url": body.spelled("monitorurl").value},
        links={"url": body.spelled("monitorurl")},
    )


FORMS = (
    Form(
        name="uptimerobot",
        product="UptimeRobot",
        recognises=lambda body: bool(body.spelled("monitorfriendlyname") and body.spelled("alerttype")),
        read=_read,
    ),
)

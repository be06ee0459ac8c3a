"""Opsgenie's outgoing webhook, and that of Jira Service Management Operations, which kept its form."""

from collections.abc import Iterable

from tools.alerts.body import Body
from tools.alerts.form import AlertDraft, Form, Item
from tools.alerts.meaning import Meaning, meaning_of, words

_ACTIONS = words(
    firing="create",
    resolved="close delete",
    acknowledged="acknowledge unacknowledge takeownership assignownership",
    comment="""addnote addteam addrecipient addtags removetags adddetails removedetails updatepriority
        updatemessage updatedescription escalate escalatenext customaction addresponder updatedetails""",
    silenced="snooze snoozeended",
)


def _read(body: Body) -> Iterable[Item]:
    alert, action = body.at("alert"), body.text("action")
    if action and meaning_of(action.value, _ACTIONS) is None:  # an action of one's own has its own name
        action = action._replace(value=Meaning.COMMENT.value)
    yield AlertDraft(
        title=alert.text("message", "title"),
        state=action,
        words=_ACTIONS,
        service=alert.text("details.service", "details.Service", "entity"),
        severity=alert.text("priority"),
        description=alert.text("description"),
        started=alert.raw("createdAt"),
        ended=alert.raw("updatedAt"),
        key=alert.text("alias", "alertId", "id"),
        by=alert.text("username", "userFullName"),
        page=alert.text("alias"),
        labels={
            **alert.labels("details", "tags"),
            **alert.picked("entity", "source", "team"),
        },
    )


FORMS = (
    Form(
        name="opsgenie",
        product="Opsgenie, JSM Operations",
        recognises=lambda body: body.names("action", "alert") and isinstance(body.get("alert"), dict),
        read=_read,
        aliases=("jsm", "jira-service-management", "compass"),
    ),
)

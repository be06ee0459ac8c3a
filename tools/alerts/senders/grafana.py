"""Grafana: unified alerting speaks Alertmanager's form with its own fields; legacy alerting has its own."""

from collections.abc import Iterable
from dataclasses import replace

from incidents.errors import AlertError
from tools.alerts.body import Body, Text, joined, scalar
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words
from tools.alerts.senders.alertmanager import group_draft, truncated

#: Alerts that Grafana makes itself when a rule has no data or cannot be evaluated.
_ABOUT_RULES = {"DatasourceNoData": "no data", "DatasourceError": "the rule cannot be evaluated"}
_LINKS = ("dashboardURL", "panelURL", "imageURL")
_LEGACY = words(firing="alerting no_data", resolved="ok", pending="pending", silenced="paused")


def _recognises(body: Body) -> bool:
    return body.names("alerts") and (body.names("orgId") or body.names("title"))


def _read(body: Body) -> Iterable[Item]:
    if not isinstance(body.get("alerts"), list) or not body.get("alerts"):
        raise AlertError(f"{body.path('alerts')}: must be a list with at least one alert")
    for alert in body.objects("alerts"):
        yield NoticeDraft(Meaning.TEST, "Grafana's test alert") if _is_test(alert) else _draft(alert, body)
    yield from truncated(body)


def _is_test(alert: Body) -> bool:
    return alert.get("labels.alertname") == "TestAlert" and alert.get("labels.instance") == "Grafana"


def _draft(alert: Body, group: Body) -> AlertDraft:
    named = {**alert.labels("labels"), "alertname": scalar(alert.get("labels.alertname"))}
    if not named["alertname"] and (own := alert.text("title") or group.text("title")):
        # Exported rules and older versions name the rule beside the labels.
        labels = {**named, "alertname": own.value}
        alert = replace(alert, value={**_object(alert), "labels": labels})
    draft = group_draft(alert, group)
    rule = alert.text("labels.rulename")
    about = _ABOUT_RULES.get(draft.labels.get("alertname", ""))
    if about is not None:
        draft = replace(draft, title=joined(rule or draft.title, Text(about, alert.path("labels.alertname"))))
    links = alert.links(*_LINKS)
    state = draft.state if alert.text("status") else alert.text("state") or draft.state
    severity = draft.severity or group.text("severity")
    return replace(draft, links={**draft.links, **links}, state=state, severity=severity, exact_times=False)


def _object(body: Body) -> dict[str, object]:
    return body.value if isinstance(body.value, dict) else {}


def _legacy(body: Body) -> Iterable[Item]:
    state = body.text("state")
    if body.text("ruleId").value == "0" or body.get("title") == "Test notification":
        yield NoticeDraft(Meaning.TEST, "Grafana's test notification")
        return
    rule, org = body.text("ruleId"), body.text("orgId")
    has_no_data = state.value == "no_data"
    title = body.text("ruleName", "title")
    yield AlertDraft(
        title=joined(title, Text("no data", state.path)) if has_no_data else title,
        state=state,
        words=_LEGACY,
        service=body.text("tags.service"),
        severity=body.text("tags.severity"),
        description=body.text("message"),
        key=rule and joined(org or Text("1", "orgId"), rule, by="/"),
        labels=body.labels("tags", "evalMatches.0.tags"),
        links=body.links("ruleUrl", "imageUrl"),
    )


FORMS = (
    Form(name="grafana", product="Grafana alerting", recognises=_recognises, read=_read),
    Form(
        name="grafana-legacy",
        product="Grafana legacy alerting",
        recognises=lambda body: body.names("ruleName", "state"),
        read=_legacy,
        aliases=("grafana",),
    ),
)

"""Alertmanager's webhook (version 4), the array of its API v2, as rulers post it, and one alert by itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from incidents.errors import AlertError
from tools.alerts.body import NO_TIME, Body, Raw, Text, joined, scalar
from tools.alerts.form import FIRES, AlertDraft, Form, Item, Truncated
from tools.alerts.meaning import words
from tools.alerts.times import read_time

#: API v2 says active for what fires; suppressed is silenced or inhibited there, unprocessed is new.
WORDS = words(firing="active unprocessed", silenced="suppressed")
#: In the reason of a notification that tells nothing new (Alertmanager 0.33).
_REPEAT = "repeat"


def unset(time: object) -> bool:
    """Whether an end is Go's zero time, by which Alertmanager says that there is none."""
    return not isinstance(time, str) or time.startswith("0001-") or not time.strip()


def labels_of(alert: Body, name: str, common: Mapping[str, str]) -> dict[str, str]:
    """Labels or annotations of one alert with those of its group."""
    value = alert.get(name)
    if value is not None and not isinstance(value, dict):
        raise AlertError(f"{alert.path(name)}: must be an object")
    return {**common, **alert.labels(name)}


def state_of(alert: Body, group: Body) -> Text:
    """The state of one alert, else its group's; one that is neither fires until its end."""
    state = alert.text("status.state", "status", "state")
    return state or group.text("status") or FIRES


def _started(alert: Body) -> Raw:
    """When it began; a start that stands there without a time is told of, one that is left out is not."""
    sent = alert.raw("startsAt", "activeAt")  # as Prometheus's own API of alerts calls it
    return sent._replace(value="") if not sent and alert.has("startsAt") else sent


def group_draft(alert: Body, group: Body) -> AlertDraft:
    """One alert of a group, as Alertmanager and everything that speaks its form writes it."""
    labels = labels_of(alert, "labels", group.labels("commonLabels"))
    notes = labels_of(alert, "annotations", group.labels("commonAnnotations"))
    name = Text(labels.get("alertname", ""), alert.path("labels.alertname"))
    kind = next((key for key in ("summary", "title", "message", "description") if notes.get(key)), "summary")
    title = joined(name, Text(notes.get(kind, ""), alert.path(f"annotations.{kind}")))
    if not title:
        raise AlertError(f"{name.path}: is missing, and there is no summary either")
    links = {
        key: Text(url, alert.path(f"annotations.{key}")) for key, url in notes.items() if key.endswith("url")
    }
    links |= {key: link for key in ("generatorURL", "silenceURL") if (link := alert.text(key))}
    about = next((key for key in ("description", "message") if notes.get(key) and key != kind), "description")
    return AlertDraft(
        title=title,
        state=state_of(alert, group),
        words=WORDS,
        severity=Text(labels.get("severity", ""), alert.path("labels.severity")),
        description=Text(notes.get(about, ""), alert.path(f"annotations.{about}")),
        started=_started(alert),
        ended=NO_TIME if unset(alert.get("endsAt")) else alert.raw("endsAt"),
        key=alert.text("fingerprint"),
        group=group.text("groupKey"),
        labels=labels,
        annotations=notes,
        links=links | ({"externalURL": link} if (link := group.text("externalURL")) else {}),
        repeat=_REPEAT in scalar(group.get("notification_reason")).lower(),
        exact_times=True,
    )


def truncated(body: Body) -> Iterator[Truncated]:
    """How many alerts of the group the sender left out."""
    count = body.get("truncatedAlerts")
    if isinstance(count, int) and count > 0:
        yield Truncated(count, body.text("receiver"), body.labels("groupLabels"))


def is_one(body: Body) -> bool:
    """Whether an object is one alert of this form."""
    return isinstance(body.value, dict) and any(
        key in body.value for key in ("labels", "annotations", "startsAt", "generatorURL")
    )


def _recognises(body: Body) -> bool:
    if isinstance(body.value, list):
        return bool(body.value) and is_one(body.at("0"))
    if not body.names("alerts"):
        return body.has("labels.alertname") or (
            isinstance(body.get("labels"), dict) and body.has("startsAt", "annotations")
        )
    alerts = body.get("alerts")
    is_group = is_one(body.at("alerts.0")) or not (
        isinstance(alerts, list) and alerts and isinstance(alerts[0], dict)
    )
    return is_group and not body.names("title") and not body.names("orgId")


def _read(body: Body) -> Iterable[Item]:
    if not body.names("alerts"):
        yield from (_alone(alert) for alert in body.objects())
        return
    if not isinstance(body.get("alerts"), list) or not body.get("alerts"):
        raise AlertError(f"{body.path('alerts')}: must be a list with at least one alert")
    yield from (group_draft(alert, body) for alert in body.objects("alerts"))
    yield from truncated(body)


def _alone(alert: Body) -> AlertDraft:
    """An alert without a group; a ruler writes no state, but an end in the past when it is over."""
    draft = group_draft(alert, Body({}))
    if alert.text("status.state", "status", "state") or not draft.ended or alert.received_at is None:
        return draft
    try:
        ended = read_time(draft.ended.value, alert.received_at, draft.ended.path)
    except AlertError:
        return draft
    is_over = ended.sent and ended.at <= alert.received_at
    return replace(draft, state=Text("resolved", draft.ended.path)) if is_over else draft


FORMS = (
    Form(
        name="alertmanager",
        product="Prometheus Alertmanager and compatible rulers",
        recognises=_recognises,
        read=_read,
        aliases=("prometheus", "mimir", "cortex", "thanos", "victoriametrics", "vmalert", "loki"),
    ),
)

"""Drafts of a form made into values: cleaned of secrets and control characters, cut, timed and identified."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from incidents.alert import Alert, AlertStatus, Label, Link
from incidents.changes import Change, environments, without_environment
from incidents.errors import AlertError
from tools.alerts.body import Raw, Text, plain_word
from tools.alerts.cleaning import clean, tidy
from tools.alerts.form import AlertDraft, ChangeDraft
from tools.alerts.identity import condition_of, fingerprint_of
from tools.alerts.matching.conventions import exporter_kind
from tools.alerts.meaning import Meaning, meaning_of
from tools.alerts.reading import FieldSource, Notice
from tools.alerts.times import SentTime, long_ago, read_time
from tools.alerts.vocabulary import vocabulary

MOST_LABELS = 60
MOST_LINKS = 10
LONGEST_TITLE = 300
LONGEST_TEXT = 2000
LONGEST_NAME = 200

#: Labels that may name the service, the most particular first.
_SERVICE_LABELS = (
    "service", "service_name", "service.name", "app", "application", "app_kubernetes_io_name", "component",
    "deployment", "workload", "container", "job",
)  # fmt: skip
#: `Unacknowledge` is of acknowledging, and no acknowledgement; who assigns it says nothing for whom it is.
_TAKEN_BACK = re.compile(r"un[\s_-]?a|assign", re.IGNORECASE)
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)


def meaning_in(draft: AlertDraft) -> Meaning:
    """How the condition of a draft stands.

    Raises:
        AlertError: the sender's word for it is missing, or is not known.
    """
    if not draft.state:
        raise AlertError(f"{draft.state.path}: is missing; it says whether the alert fires or is over")
    meaning = meaning_of(draft.state.value, draft.words)
    if meaning is None:
        known = "'firing' or 'resolved', or a word that means one of them"
        raise AlertError(f"{draft.state.path}: must be {known}; it is {clean(draft.state.value, 40)!r}")
    return meaning


def alert_of(
    draft: AlertDraft, meaning: Meaning, source: str, received_at: datetime, names: Collection[str]
) -> Alert:
    """The alert of a draft that fires or is over.

    Raises:
        AlertError: it has no title, or a time that is none.
    """
    title = _title(draft)
    labels = _cleaned(draft.labels)
    start, end = _times(draft, meaning, received_at)
    condition = _condition(draft, source)
    return Alert(
        source=source,
        title=title,
        service=_service(draft.service.value, labels, names),
        status=AlertStatus(meaning.value),
        starts_at=start.at,
        start_sent=start.sent,
        received_at=received_at,
        ends_at=end.at if end is not None else None,
        fingerprint=fingerprint_of(source, draft.key.value, condition),
        condition=condition,
        group=clean(draft.group.value, LONGEST_TITLE),
        severity=clean(draft.severity.value, LONGEST_NAME) or None,
        description=clean(draft.description.value, LONGEST_TEXT),
        labels=_as_labels(labels),
        annotations=_as_labels(_cleaned(draft.annotations)),
        links=_links(draft.links),
        repeat=draft.repeat,
        heartbeat=draft.heartbeat or plain_word(labels.get("alertname") or title) in vocabulary().heartbeats,
        remarks=tuple(clean(t.remark, LONGEST_TITLE) for t in (start, end) if t is not None and t.remark),
    )


def notice_of(draft: AlertDraft, meaning: Meaning, source: str) -> Notice:
    """What is recorded of a draft that neither fires nor is over."""
    title = _title(draft)
    condition = _condition(draft, source)
    return Notice(
        kind=meaning,
        text=f"{title}: {clean(draft.state.value, 60)}",
        fingerprint=fingerprint_of(source, draft.key.value, condition),
        by=tidy(draft.by.value)[:LONGEST_NAME],
        page=tidy(draft.page.value),
        takes=meaning is Meaning.ACKNOWLEDGED and not _TAKEN_BACK.match(draft.state.value.strip()),
        moment=clean(str(draft.ended.value or ""), LONGEST_NAME),
    )


def change_of(draft: ChangeDraft, received_at: datetime, names: Collection[str]) -> Change:
    """The change of a draft; it happened at its receipt if the sender does not say when.

    Raises:
        AlertError: it does not say what was changed, or its time is none.
    """
    if not draft.service:
        raise AlertError(f"{draft.service.path}: is missing; it says what was changed")
    at = _changed_at(draft, received_at)
    service = _changed_service(draft, names)
    return Change(
        time=at,
        id=clean(draft.id.value, LONGEST_NAME) or f"{service}-{at:%Y%m%dT%H%M%S}",
        service=service,
        kind=draft.kind,
        version_from=clean(draft.version_from.value, LONGEST_NAME),
        version_to=clean(draft.version_to.value, LONGEST_NAME),
        author=clean(draft.author.value, LONGEST_NAME),
        summary=clean(draft.summary.value, LONGEST_TITLE),
        commit=clean(draft.commit.value, LONGEST_NAME),
        healthy=draft.healthy,
        environment=_environment(draft),
    )


def _changed_at(draft: ChangeDraft, received_at: datetime) -> datetime:
    """When it happened: however long ago, since a change that is told late is not one of now."""
    if not draft.time:
        return received_at
    read = read_time(draft.time.value, received_at, draft.time.path)
    return read.at if read.sent else long_ago(draft.time.value, received_at) or received_at


def alert_fields(draft: AlertDraft, alert: Alert) -> tuple[FieldSource, ...]:
    """Each field of an alert with the path in the body from which it was read."""
    sources = {
        "title": (alert.title, draft.title.path),
        "state": (f"{alert.status.value} ({clean(draft.state.value, 40)})", draft.state.path),
        "service": (alert.service or "unknown", draft.service.path if draft.service else ""),
        "severity": (alert.severity or "unknown", draft.severity.path if draft.severity else ""),
        "started": (alert.starts_at.isoformat(), draft.started.path if alert.start_sent else ""),
        "ended": (alert.ends_at.isoformat() if alert.ends_at else "", draft.ended.path),
        "key": (alert.fingerprint, draft.key.path if draft.key else ""),
        "description": (alert.description, draft.description.path),
        "group": (alert.group, draft.group.path),
    }
    fields = [FieldSource(field=name, value=value, path=path) for name, (value, path) in sources.items()]
    fields += [FieldSource(field=f"label {one.name}", value=one.value) for one in alert.labels]
    links = {clean(name, LONGEST_NAME): link.path for name, link in draft.links.items()}
    fields += [
        FieldSource(field=f"link {one.name}", value=one.url, path=links[one.name]) for one in alert.links
    ]
    flags = [name for name in ("repeat", "heartbeat") if getattr(alert, name)]
    fields += [FieldSource(field=name, value="yes") for name in flags]
    fields += [FieldSource(field="remark", value=remark) for remark in alert.remarks]
    return tuple(one for one in fields if one.value)


def _condition(draft: AlertDraft, source: str) -> str:
    """The digest of what was sent, before anything is taken out: a secret may be all that tells two apart."""
    labels = {
        tidy(name): tidy(value) for name, value in list(draft.labels.items())[:MOST_LABELS] if tidy(name)
    }
    return condition_of(source, tidy(draft.title.value), draft.service.value, labels)


def _title(draft: AlertDraft) -> str:
    title = clean(draft.title.value, LONGEST_TITLE)
    if not title:
        raise AlertError(f"{draft.title.path}: is missing; it says what the alert is about")
    return title


def _times(draft: AlertDraft, meaning: Meaning, received_at: datetime) -> tuple[SentTime, SentTime | None]:
    """When it began and, if it is over, when it ended; a start is never after its end."""
    end = None
    if meaning is Meaning.RESOLVED and draft.ended:
        end = _time(draft, draft.ended, received_at)
    if not draft.started:
        return SentTime(end.at if end is not None else received_at, False), end
    start = _time(draft, draft.started, received_at)
    if end is None or start.at < end.at:
        return start, end
    # Grafana moves the start of what is over to its end (its issue 106065): the start is not known.
    return start._replace(at=end.at, sent=False), end


def _time(draft: AlertDraft, sent: Raw, received_at: datetime) -> SentTime:
    try:
        return read_time(sent.value, received_at, sent.path)
    except AlertError as error:
        if draft.exact_times:
            raise
        return SentTime(received_at, False, f"{error}; it counts from its receipt")


def _service(sent: str, labels: Mapping[str, str], names: Collection[str]) -> str | None:
    """The first label that names a service of the catalogue; else what the sender said.

    An exporter tells about others: its own label is not what is meant.
    """
    candidates = [clean(sent, LONGEST_NAME)] if sent else []
    values = [labels[name] for name in _SERVICE_LABELS if labels.get(name)]
    candidates += [value for value in values if exporter_kind(value) is None]
    return next((name for name in candidates if name in names), next(iter(candidates), None))


def _changed_service(draft: ChangeDraft, names: Collection[str]) -> str:
    """The service of the catalogue that the sender names, else one that stands as a word in its texts.

    Where neither names one it stays as it was told, without its environment.
    """
    sent = clean(draft.service.value, LONGEST_NAME)
    known = {name.casefold(): name for name in names}
    service = without_environment(sent)
    for text in (sent, service):
        if text.casefold() in known:
            return known[text.casefold()]
    words = (word for hint in draft.hints for word in re.findall(r"[\w.-]+", hint.value.casefold()))
    hinted = {known[one] for word in words for one in (word, without_environment(word)) if one in known}
    return hinted.pop() if len(hinted) == 1 else service


def _environment(draft: ChangeDraft) -> str | None:
    """What the sender says, else what the name of what was changed says."""
    said = clean(draft.environment.value, LONGEST_NAME)
    return said or ", ".join(sorted(environments(draft.service.value))) or None


def _cleaned(labels: Mapping[str, str]) -> dict[str, str]:
    first = list(labels.items())[:MOST_LABELS]
    cleaned = {clean(name, LONGEST_NAME): clean(value, LONGEST_TEXT, name) for name, value in first}
    return {name: value for name, value in cleaned.items() if name}


def _as_labels(labels: Mapping[str, str]) -> tuple[Label, ...]:
    return tuple(Label(name=name, value=value) for name, value in labels.items())


def _links(links: Mapping[str, Text]) -> tuple[Link, ...]:
    """Only what a browser may open safely."""
    return tuple(
        Link(name=clean(name, LONGEST_NAME), url=clean(link.value, LONGEST_TEXT))
        for name, link in list(links.items())[:MOST_LINKS]
        if _WEB.fullmatch(link.value.strip())
    )

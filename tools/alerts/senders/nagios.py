"""Nagios, Checkmk and Icinga 2: a check of a host tells its state; its name is never that of a service."""

from collections.abc import Iterable, Mapping

from tools.alerts.body import NO_TIME, Body, Raw, Text, joined, plain_word, scalar
from tools.alerts.form import AlertDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, words

#: Types of notifications that these monitors share; flapping and downtimes tell nothing of the condition.
TYPES = words(
    firing="problem custom_problem",
    resolved="recovery",
    acknowledged="acknowledgement",
    comment="custom",
    silenced="""downtimestart downtimeend downtimecancelled downtimeremoved flappingstart flappingstop
        flappingend flappingdisabled""",
    test="test",
)
#: Numbers of plugins: a service's, in the order of Nagios's exit codes.
SERVICE_STATES: Mapping[str, str] = {"0": "ok", "1": "warning", "2": "critical", "3": "unknown"}
HOST_STATES: Mapping[str, str] = {"0": "up", "1": "down", "2": "down"}
_OVER = frozenset({"ok", "up"})


def check_draft(
    body: Body,
    host: Text,
    check: Text,
    kind: Text,
    state: Text,
    output: Text,
    moment: Raw,
    service: Text,
    changed: Raw = NO_TIME,
    later: bool = False,
) -> AlertDraft:
    """One notification of a check, `check` empty for one of the host itself.

    The moment is that of the notification: unless it says when its state changed, the condition is known to
    have begun then only if it is its first. One that is `later` tells no beginning: the state changed from
    bad to worse (Nagios 4.4.6 moves the last change then: `findings/nagios-lost-signs.sh`).
    """
    word = kind.value.split(" ")[0].strip("()")  # Checkmk writes `DOWNTIMESTART (…)`
    return AlertDraft(
        title=joined(joined(host, check, by=" "), output),
        state=kind._replace(value=word) if kind else state,
        words=TYPES,
        service=service,
        severity=Text("", state.path) if state.value.lower() in _OVER else _severity(state),
        description=output,
        started=Raw(None, moment.path) if later or word.upper() == "RECOVERY" else changed or moment,
        ended=moment or changed,
        key=joined(host, check, by="!"),
        labels={"host": host.value, "check": check.value, **_groups(body)},
    )


def _severity(state: Text) -> Text:
    """A host that is down is no word of the table; the check's own word is."""
    return state._replace(value="critical") if state.value.lower() in {"down", "unreachable"} else state


def _groups(body: Body) -> dict[str, str]:
    names = (
        "hostaddress",
        "address",
        "hostalias",
        "hostgroupnames",
        "servicegroupnames",
        "site",
        "checkcommand",
    )
    found = {name: _macro(body, name).value for name in names}
    return {name: value for name, value in found.items() if value}


def _macro(body: Body, *names: str) -> Text:
    """A macro under any spelling, also with the prefixes of environment variables."""
    return body.spelled(
        *(f"{prefix}{name}" for name in names for prefix in ("", "nagios", "notify", "icinga"))
    )


def _read(body: Body) -> Iterable[Item]:
    check = _macro(body, "servicedesc", "servicedescription", "servicedisplayname")
    if not check and _macro(body, "what", "type").value.upper() != "HOST":
        check = _macro(body, "service", "servicename")
    state = _macro(body, "servicestate", "hoststate") if check else _macro(body, "hoststate")
    yield check_draft(
        body,
        host=_macro(body, "hostname", "host", "hostalias"),
        check=check,
        kind=_macro(body, "notificationtype"),
        state=state or _macro(body, "state", "status"),
        output=_macro(body, "serviceoutput", "hostoutput", "output", "message", "info", "text"),
        moment=_moment(body),
        changed=_changed(body, "service" if check else "host"),
        later=_is_later(body, "service" if check else "host"),
        service=_macro(body, "app", "application", "businessservice"),
    )


def _moment(body: Body) -> Raw:
    text = _macro(body, "timet", "microtime", "longdatetime", "shortdatetime", "timestamp", "datetime")
    return Raw(text.value or None, text.path)


def _changed(body: Body, what: str) -> Raw:
    text = _macro(body, f"last{what}statechange", f"{what}laststatechange", "laststatechange")
    return Raw(text.value or None, text.path)


def _is_later(body: Body, what: str) -> bool:
    """Whether a problem was told before: by its number, or by a state before this one that was bad too."""
    number = _macro(body, f"{what}notificationnumber", "notificationnumber").value
    before = _macro(body, f"last{what}state", "laststate").value.lower()
    return (number.isdigit() and int(number) > 1) or (bool(before) and before not in _OVER | {"pending"})


def _keys(body: Body) -> set[str]:
    return {plain_word(str(key)) for key in body.value} if isinstance(body.value, dict) else set()


def _is_check(body: Body) -> bool:
    keys = _keys(body)
    has_type = any(key.endswith("notificationtype") for key in keys)
    has_host = any(key.endswith(("hostname", "hostalias")) or key == "host" for key in keys)
    return has_type and has_host and "checkresult" not in keys


def _is_checkmk(body: Body) -> bool:
    keys = _keys(body)
    return _is_check(body) and (("what" in keys or "notifywhat" in keys) or "site" in keys)


#: What events of Icinga's API are about, by the beginning of their type.
_EVENTS = {
    "Acknowledgement": Meaning.ACKNOWLEDGED,
    "Comment": Meaning.COMMENT,
    "Object": Meaning.COMMENT,
    "Downtime": Meaning.SILENCED,
    "Flapping": Meaning.SILENCED,
}


def _icinga(body: Body) -> Iterable[Item]:
    host, check = _named(body, "host"), _named(body, "service")
    event = body.text("type").value
    told = next((meaning for name, meaning in _EVENTS.items() if event.startswith(name)), None)
    kind, is_soft = body.text("notification_type"), scalar(body.get("state_type")) == "0"
    if told or is_soft:  # a soft state is tried again before anybody is told
        text = f"{host.value} {check.value}: {event}".replace(" :", ":")
        yield NoticeDraft(told or Meaning.PENDING, text)
        return
    state = body.text("check_result.state", "state")
    states = SERVICE_STATES if check else HOST_STATES
    word = state._replace(value=states.get(state.value, state.value))
    yield check_draft(
        body,
        host=host,
        check=check,
        kind=kind or state._replace(value="RECOVERY" if word.value.lower() in _OVER else "PROBLEM"),
        state=word,
        output=body.text("check_result.output"),
        moment=body.raw("timestamp", "check_result.execution_end"),
        service=body.text("vars.service", "vars.app"),
    )


def _named(body: Body, what: str) -> Text:
    """A host or a service: its name, or an object that has one."""
    return body.text(what, f"{what}.name", f"{what}.display_name", f"{what}.__name")


def _is_icinga(body: Body) -> bool:
    if body.names("check_result", "host"):
        return body.has("check_result.output") or body.names("notification_type")
    event = body.text("type").value
    return body.names("host", "timestamp") and event.startswith(("Acknowledgement", "Comment", "Downtime"))


FORMS = (
    Form(
        name="nagios",
        product="Nagios, Naemon, Centreon",
        recognises=lambda body: _is_check(body) and not _is_checkmk(body),
        read=_read,
        aliases=("naemon", "centreon"),
    ),
    Form(name="checkmk", product="Checkmk", recognises=_is_checkmk, read=_read),
    Form(
        name="icinga2",
        product="Icinga 2",
        recognises=_is_icinga,
        read=_icinga,
        aliases=("icinga",),
    ),
)

"""How a cluster's own words are quoted: redacted, on one line, short."""

from tools.live.cluster.neighbours import Event
from tools.redaction.redact import redact
from tools.wording import plain

_LONGEST = 280


def quote(text: str, longest: int = _LONGEST) -> str:
    """Untrusted text as a short line without credentials."""
    return plain(redact(text), longest)


def of_event(event: Event) -> str:
    """An event as evidence."""
    times = f"{event.times} times, last" if event.times > 1 else "once,"
    when = f" ({times} at {event.at:%H:%M:%S})" if event.at is not None else ""
    return f"event {event.reason}{when}: {quote(event.message)}"


def of_status(where: str, reason: str, message: str = "") -> str:
    """What a status says, as evidence: `pod/till-a-1 is in ErrImagePull: not found`."""
    said = ": ".join(part for part in (reason, quote(message)) if part)
    return f"{where} says {said}"


def of_log(container: str, text: str) -> str:
    """The last lines of a container's log as evidence."""
    return f"log of {container}: {quote(text)}"


def listed(names: object) -> str:
    """Names with commas, at most four of them."""
    found = [str(one) for one in names] if isinstance(names, list | tuple | set | frozenset) else [str(names)]
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return ", ".join(found[:4]) + more

"""What somebody sees in Slack who presses a button: a modal with what they would sign, or a sentence."""

from incidents.value import minute
from nexus.notify.slack.blocks import SECTION, Block, escaped, plain
from nexus.notify.wording import cut
from nexus.service.decision_view import DecisionView

SIGN = "nexus_sign"
#: So many facts a modal bears; it may have a hundred blocks, and nobody reads them.
_FACTS = 30


def modal(decision: DecisionView, secret_of_it: str) -> dict[str, object]:
    """The modal that signs a change: exactly what would run, on what, from which state, and its undo.

    Args:
        decision: as whoever pressed the button sees it.
        secret_of_it: comes back with the form: incident, change, digest.
    """
    return {
        "type": "modal",
        "callback_id": SIGN,
        "private_metadata": secret_of_it,
        "title": plain(f"Sign {decision.id}"[:24]),
        "submit": plain("Sign it"),
        "close": plain("Leave it"),
        "blocks": [text(said) for said in _lines(decision)],
    }


def fits(decision: DecisionView) -> bool:
    """Whether a modal shows all of it: nobody signs what was cut."""
    return len(decision.change.observed) <= _FACTS and all(
        _size(said) <= SECTION for said in _lines(decision)
    )


def _lines(decision: DecisionView) -> list[str]:
    change = decision.change
    known = [
        ("Change", change.title),
        ("Target", change.service),
        ("From", change.before),
        ("To", change.after),
        ("Effects", "; ".join(change.effects)),
        ("Undo", change.undo or "none is prepared"),
        ("Why", decision.reason),
        ("Cause", decision.cause),
        ("Concerns", "; ".join(change.concerns)),
        ("Counts until", minute(decision.expires_at)),
        ("Digest", decision.digest),
        ("Seen at", minute(change.observed_at)),
        *((one.name, one.value) for one in change.observed),
    ]
    said = [f"{label}: {what}" for label, what in known if what]
    return [f"{decision.incident}: {decision.incident_title}", *said]


def _size(said: str) -> int:
    return len(escaped(said))


def closing(title: str, sentence: str) -> dict[str, object]:
    """The modal once the form was sent."""
    view = {"type": "modal", "title": plain(title[:24]), "close": plain("Close"), "blocks": [text(sentence)]}
    return {"response_action": "update", "view": view}


def text(said: str) -> Block:
    """One block of plain text."""
    return {"type": "section", "text": plain(cut(said, SECTION, _size))}


def only_to_them(said: str) -> dict[str, object]:
    """A message that nobody else sees."""
    return {"text": escaped(cut(said, SECTION, _size)), "blocks": [text(said)], "mrkdwn": False}


def to_them(said: str) -> dict[str, object]:
    """The answer to a command, which nobody else sees."""
    return {"response_type": "ephemeral", **only_to_them(said)}

"""A notice out of a message and its incident: it stands alone, and says nothing that is not known. Pure."""

from collections.abc import Sequence
from functools import partial

from incidents.communications import decided_by_key
from incidents.deeds import confidence_word, planned
from incidents.facts import Facts as Measured
from incidents.incident import Incident
from incidents.language import Language
from incidents.milestones import milestones
from incidents.policy import ApprovalPolicy
from incidents.texts import forms_of
from nexus.notify.handling import Handled
from nexus.notify.notice import Asked, Facts, Notice, Purpose
from nexus.notify.router import purpose_of
from nexus.notify.wording import SENTENCES
from nexus.sanitize import clean
from nexus.store.outbox import MessageDelivery, Saying
from nexus.store.records import Message
from tools.plainly import plainly
from tools.retold import retold

#: Texts of several lines, which are written for people from the start.
_AS_WRITTEN = frozenset({Purpose.UPDATE, Purpose.BRIEF, Purpose.ESCALATION})


def notice_of(
    delivery: MessageDelivery, incident: Incident | None, public_url: str | None,
    handled: Handled | None = None, *, restricted: bool = False, chat: bool = True,
) -> Notice:  # fmt: skip
    """What is said at a destination.

    Args:
        delivery: which message, and for the how-manieth time.
        incident: as it was saved last; None if it cannot be read, and then the message's words stand alone.
        public_url: where browsers reach Nexus.
        handled: why it wants nobody any more, of what says just that.
        chat: whether a button in a chat may decide.
        restricted: not everybody may see the incident; then nothing of it is said but where it is shown.
    """
    message = delivery.content
    purpose, audience = purpose_of(message)
    if delivery.saying in {Saying.HANDLED, Saying.ENDED}:
        purpose = Purpose.HANDLED if delivery.saying is Saying.HANDLED else Purpose.RESOLVED
    language = incident.language if incident is not None else Language.EN
    if restricted:
        said = partial(SENTENCES.said, language)
        hidden = {"text": said("text.hidden"), "title": said("text.hidden_title")}
        message, incident = message.model_copy(update=hidden), None
    return Notice(
        key=key_of(delivery),
        thread=message.incident,
        incident=message.incident,
        purpose=purpose,
        audience=audience,
        severity=incident.severity if incident is not None else None,
        services=incident.services if incident is not None else (),
        title=incident.title if incident is not None else message.title,
        text=_text(message, purpose, handled, language),
        facts=facts_of(incident, message) if incident is not None else Facts(),
        asked=_asked(message, purpose, incident, public_url, chat=chat),
        at=message.at,
        repeat=delivery.repeat,
        resent=delivery.uncertain,
        link=_link(message, purpose, public_url),
        language=language,
    )


def _asked(
    message: Message, purpose: Purpose, incident: Incident | None, public_url: str | None, *, chat: bool
) -> Asked | None:
    """The change that a decision is about, while it waits."""
    named = decided_by_key(message.key) if purpose is Purpose.DECISION else None
    proposal = incident.proposal(named) if incident is not None and named is not None else None
    if proposal is None or not proposal.missing:
        return None
    policy = ApprovalPolicy(chat=chat)
    return Asked(
        action=proposal.id,
        digest=proposal.digest,
        page=_link(message, purpose, public_url),
        by_button=policy.not_by_chat(proposal.action.kind, proposal.approvers_needed) is None,
    )


def bundled(notice: Notice, more: Sequence[MessageDelivery]) -> Notice:
    """The notice of several messages: it says how many were held back, and each of them."""
    if not more:
        return notice
    lines = "\n".join(f"- {text}" for text in (notice.text, *(plainly(one.content.text) for one in more)))
    several = len(more) + 1
    head = SENTENCES.said(
        notice.language, "text.bundled", count=several, n=str(several),
        since=forms_of(notice.language).moment(notice.at),
    )  # fmt: skip
    return notice.model_copy(update={"text": f"{head}\n{lines}"})


def key_of(delivery: MessageDelivery) -> str:
    """The same for each try of one saying, another for each saying: a repeat is no repetition to drop."""
    said = delivery.saying if delivery.saying is not Saying.REPEAT else f"{delivery.saying}-{delivery.repeat}"
    end = "" if delivery.saying is Saying.FIRST else f"/{said}"
    return f"{delivery.content.incident}/{delivery.content.kind}/{delivery.message}{end}"


def _text(message: Message, purpose: Purpose, handled: Handled | None, language: Language) -> str:
    if purpose in {Purpose.HANDLED, Purpose.RESOLVED}:
        return handled.said(language) if handled is not None else SENTENCES.said(language, "over.itself")
    return plainly(message.text) if purpose not in _AS_WRITTEN else clean(message.text)


def _link(message: Message, purpose: Purpose, public_url: str | None) -> str | None:
    if public_url is None:
        return None
    page = f"{public_url}/incidents/{message.incident}"
    asked = decided_by_key(message.key) if purpose is Purpose.DECISION else None
    return f"{page}/decisions/{asked}" if asked is not None else page


def facts_of(incident: Incident, message: Message | None = None) -> Facts:
    """What is known of an incident, each in a sentence; of what nobody knows nothing is said."""
    asked = incident.proposal(decided_by_key(message.key) or "") if message is not None else None
    pending = asked if asked is not None and asked.missing else next(iter(incident.pending), None)
    when, said = milestones(incident), partial(SENTENCES.said, incident.language)
    return Facts(
        noticed=_noticed(incident),
        since=when.introduced or when.detected,
        cause=_cause(incident),
        holder=incident.holder or said("known.agents" if incident.held_by == "agents" else "known.nobody"),
        decision=planned(pending.action, incident.language) if pending is not None else None,
        until=pending.expires_at if pending is not None else None,
    )


def _noticed(incident: Incident) -> str | None:
    """What users notice: as the status page has it, else as it was measured."""
    if incident.updates:
        return incident.updates[-1].impact
    facts = incident.peak or incident.facts
    return _measured(facts, incident.language) if facts is not None else None


def _measured(facts: Measured, language: Language) -> str | None:
    said, forms = partial(SENTENCES.said, language), forms_of(language)
    if facts.down:
        return said("known.down", count=len(facts.down), names=forms.listed(facts.down))
    if facts.error_ratio is not None and facts.error_ratio >= 0.001:
        return said("known.failing", share=forms.share(facts.error_ratio))
    if facts.latency_times is not None and facts.latency_times >= 1.5:
        return said("known.slow", times=forms.times(facts.latency_times))
    if facts.customers_affected is False:
        return said("known.nothing")
    return None


def _cause(incident: Incident) -> str | None:
    found, said = incident.diagnosis, partial(SENTENCES.said, incident.language)
    if found is None:
        return None
    if not found.known:
        return said("known.no_cause")
    cause = retold(plainly(found.summary), incident.language, "diagnosis")
    return said("known.cause", cause=cause, sure=confidence_word(found.confidence, incident.language))

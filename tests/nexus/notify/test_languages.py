# ruff: noqa: RUF001 - apostrophes and dashes as the languages have them
"""A page, a decision and its end as people read them in each language, whole."""

import pytest

from incidents.action import Action, ActionKind, ActionState, Approval, Arguments, Verdict
from incidents.communications import decision_key
from incidents.events import Taken
from incidents.facts import Facts as Measured
from incidents.incident import Incident
from incidents.language import Language
from incidents.severity import Status
from nexus.notify.composing import bundled, notice_of
from nexus.notify.handling import handled
from nexus.notify.notice import Notice, Purpose
from nexus.notify.slack.blocks import blocks_of
from nexus.notify.wording import message
from nexus.store.outbox import DeliveryState, MessageDelivery, Saying
from nexus.store.records import Message, MessageKind
from tests.incidents.texts.forms_of_words import wrong
from tests.nexus.notify.conformance.notices import notice
from tests.nexus.sample import ID, at, waiting

OTHERS = [Language.DE, Language.FR]


def incident(language: Language) -> Incident:
    """A rollback waits; what failed was measured, and no update was published yet."""
    peak = Measured(at=at(9), error_ratio=0.384, customers_affected=True)
    return waiting().evolve(language=language, updates=(), peak=peak, holder=None, diagnosis=None)


def told(about: Incident, saying: Saying = Saying.FIRST, text: str = "A1", repeat: int = 0) -> Notice:
    """What is said of its proposal at a destination."""
    content = Message(
        incident=ID, kind=MessageKind.PAGE, key=decision_key("A1"), at=at(10), title=about.title, text=text
    )
    delivery = MessageDelivery(
        number=1, message=1, content=content, destination="chat", saying=saying, repeat=repeat, urgency=0,
        state=DeliveryState.QUEUED,
    )  # fmt: skip
    why = handled(content, about, (), None)
    return notice_of(delivery, about, "https://nexus.example", why)


def test_a_decision_in_german() -> None:
    assert message(told(incident(Language.DE), repeat=2), 10_000) == (
        "P0 · Entscheidung nötig · erneut (2) · CheckoutErrorRatioHigh: 38% of requests to checkout fail\n"
        "Zu entscheiden bis 23. November 2026, 03:39 UTC: checkout auf 2026.11.1 zurückrollen\n"
        "\n"
        "Was zu bemerken ist: 38\u00a0% der Anfragen schlagen fehl\n"
        "Seit: 23. November 2026, 02:58 UTC\n"
        "Wer sich kümmert: die Agenten\n"
        "Dienste: checkout, web\n"
        "\n"
        "A1\n"
        "\n"
        f"https://nexus.example/incidents/{ID}/decisions/A1"
    )


def test_a_decision_in_french() -> None:
    assert message(told(incident(Language.FR), repeat=2), 10_000) == (
        "P0 · Décision requise · rappel (2) · CheckoutErrorRatioHigh: 38% of requests to checkout fail\n"
        "À décider avant le 23 novembre 2026, 03:39 UTC\u00a0: ramener checkout à la version 2026.11.1\n"
        "\n"
        "Ce que remarquent les utilisateurs\u00a0: 38\u00a0% des requêtes échouent\n"
        "Depuis\u00a0: 23 novembre 2026, 02:58 UTC\n"
        "Qui s’en charge\u00a0: les agents\n"
        "Services\u00a0: checkout, web\n"
        "\n"
        "A1\n"
        "\n"
        f"https://nexus.example/incidents/{ID}/decisions/A1"
    )


def decided(language: Language, verdict: Verdict = Verdict.APPROVE) -> Incident:
    about = incident(language)
    (asked,) = about.proposals
    said = Approval(action="A1", digest=asked.digest, verdict=verdict, by="Dana Lee", at=at(11))
    return about.with_proposal(asked.model_copy(update={"approvals": (said,)}))


@pytest.mark.parametrize(
    ("language", "approved", "rejected"),
    [
        (Language.EN, "handled by Dana Lee: approved", "handled by Dana Lee: rejected"),
        (Language.DE, "Erledigt von Dana Lee: freigegeben", "Erledigt von Dana Lee: abgelehnt"),
        (Language.FR, "Traité par Dana Lee\u00a0: approuvé", "Traité par Dana Lee\u00a0: refusé"),
    ],
)
def test_who_decided(language: Language, approved: str, rejected: str) -> None:
    assert told(decided(language), Saying.HANDLED).text == approved
    assert told(decided(language, Verdict.REJECT), Saying.HANDLED).text == rejected


@pytest.mark.parametrize(
    ("language", "expired", "over"),
    [
        (
            Language.EN,
            "no longer needed: roll back checkout to 2026.11.1 is expired",
            "it is over: a false alarm, as Dana Lee says",
        ),
        (
            Language.DE,
            "Nicht mehr nötig: „checkout auf 2026.11.1 zurückrollen“ – Frist abgelaufen",
            "Es ist vorbei: laut Dana Lee ein Fehlalarm",
        ),
        (
            Language.FR,
            "Plus nécessaire\u00a0: «\u00a0ramener checkout à la version 2026.11.1\u00a0»\u00a0"
            "– délai dépassé",
            "C’est terminé\u00a0: une fausse alerte selon Dana Lee",
        ),
    ],
)
def test_what_is_no_longer_needed_and_what_is_over(language: Language, expired: str, over: str) -> None:
    about = incident(language)
    (asked,) = about.proposals
    lapsed = about.with_proposal(asked.model_copy(update={"state": ActionState.EXPIRED}))
    assert told(lapsed, Saying.HANDLED).text == expired
    ended = about.evolve(status=Status.FALSE_ALARM, ended_at=at(20), holder="Dana Lee")
    assert told(ended, Saying.ENDED).text == over


@pytest.mark.parametrize("language", OTHERS)
def test_whoever_reads_a_language_reads_no_other_one_around_the_news(language: Language) -> None:
    about = incident(language).evolve(title="X")
    taken = handled(
        Message(incident=ID, kind=MessageKind.PAGE, key="k", at=at(1), title="", text=""),
        about, (Taken(id="1", incident=ID, at=at(2), by="Kim"),), None,
    )  # fmt: skip
    assert taken is not None
    assert wrong(taken.said(language), language) == []
    first = told(about).model_copy(update={"severity": None, "resent": True})
    assert wrong(message(first, 10_000).replace(f"/{ID}/decisions/A1", ""), language) == []
    for purpose in Purpose:
        said = message(notice(purpose, title="X", text="Y", language=language), 10_000)
        assert "Handled" not in said
        assert "Decision" not in said
    labels = [one["text"] for one in blocks_of(first)[-1]["elements"]]  # type: ignore[attr-defined]
    assert [one["text"] for one in labels] == {
        Language.DE: ["Freigeben …", "Ablehnen", "Alles lesen", "Ich kümmere mich", "Vorfall öffnen"],
        Language.FR: ["Approuver…", "Refuser", "Tout lire", "Je m’en charge", "Ouvrir l’incident"],
    }[language]


def test_several_at_once_and_what_was_cut() -> None:
    first = told(incident(Language.DE))
    more = MessageDelivery(
        number=2, message=2, destination="chat", saying=Saying.FIRST, repeat=0, urgency=0,
        state=DeliveryState.QUEUED,
        content=Message(incident=ID, kind=MessageKind.CHANNEL, key="2", at=at(12), title="", text="Zwei"),
    )  # fmt: skip
    assert bundled(first, (more,)).text.startswith("2 Meldungen seit 23. November 2026, 03:08 UTC, bis")
    long = notice(text="wort " * 100, language=Language.FR, facts={})
    assert message(long, 300).splitlines()[-3].endswith("caractères sur la page)")


@pytest.mark.parametrize("kind", list(ActionKind))
@pytest.mark.parametrize("language", OTHERS)
def test_every_change_is_told_in_words_of_the_language(kind: ActionKind, language: Language) -> None:
    arguments = {
        ActionKind.ROLLBACK: Arguments(version="2"), ActionKind.SCALE: Arguments(replicas=1),
        ActionKind.HOTFIX: Arguments(commit="ab12"),
        ActionKind.FEATURE_FLAG: Arguments(flag="f", enabled=True),
    }  # fmt: skip
    action = Action(kind=kind, service="web", arguments=arguments.get(kind, Arguments()))
    about = incident(language)
    (asked,) = about.proposals
    plan = asked.plan.model_copy(update={"action": action})
    about = about.with_proposal(asked.model_copy(update={"plan": plan}))
    for said in (about.change_title("A1"), about.change_done("A1")):
        assert "web" in said
        assert wrong(said, language) == []

"""What is said of how an incident was handled: only what its own times show."""

from datetime import timedelta

import pytest

from incidents.action import ActionState
from incidents.changes import Change, ChangeKind
from incidents.facts import Facts
from incidents.incident import Incident
from tests.nexus import sample
from tests.nexus.sample import at
from tools.chronicle import chronicle, went_live
from tools.headline import headline
from tools.looking_back import NOTHING, after, lasting, looking_back

RELEASE = Change(
    time=at(-1.9), id="deploy-4711", service="checkout", kind=ChangeKind.DEPLOY, version_to="2026.11.2",
    author="Kim Oduya",
)  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"), (1, "1 second"), (77, "77 seconds"), (99.6, "100 seconds"), (100, "2 minutes"),
        (90 * 60, "1.5 hours"), (26 * 3600, "26 hours"),
    ],
)  # fmt: skip
def test_a_span_is_said_in_one_unit(seconds: float, said: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == said


def test_what_took_no_time_was_at_that_moment() -> None:
    assert after(timedelta(), "the alert") == "at the moment of the alert"
    assert after(timedelta(minutes=4), "the alert") == "4 minutes after the alert"


def test_what_was_quick_went_well_and_what_was_late_did_not() -> None:
    quick = looking_back(sample.resolved(), at(7))
    assert quick.well == (
        "The first alert came 2 minutes after the onset.",
        "The cause was named 7 minutes after the alert, with high confidence.",
        "Customers were told 90 seconds after the alert.",
        "It was decided 2 minutes after the proposal whether to roll back checkout to 2026.11.1.",
        "The first change that was made helped, and nothing had to be taken back.",
    )
    assert quick.badly == (NOTHING,)
    late = looking_back(sample.resolved().evolve(updates=(sample.resolved().updates[1],)), at(45))
    assert "The cause was named only 45 minutes after the alert, with high confidence." in late.badly
    assert "Customers were told only 16 minutes after the alert." in late.badly


def test_nobody_is_praised_for_a_decision_that_was_made_before_there_was_a_change() -> None:
    signed = sample.resolved().proposals[0]
    blind = signed.model_copy(update={"approvals": (sample.approval(by="--approve all (1)"),)})
    assert not any("decided" in one for one in looking_back(sample.resolved().with_proposal(blind)).well)


def test_a_change_that_did_not_help_is_named() -> None:
    first = sample.proposal(id="A0", state=ActionState.DONE)
    tried = sample.resolved().evolve(proposals=(first, *sample.resolved().proposals))
    assert "It did not help to roll back checkout to 2026.11.1." in looking_back(tried).badly


def test_a_version_to_go_back_to_is_luck_and_so_is_an_end_by_itself() -> None:
    worst = sample.resolved().evolve(peak=Facts(at=at(1), error_ratio=0.4, felt=("web",)))
    assert looking_back(worst).lucky == ("The version before, 2026.11.1, was still there to go back to.",)
    alone = sample.resolved().evolve(proposals=(), calm_since=at(16), diagnosis=None)
    assert looking_back(alone).lucky == ("It went back to normal by itself.",)
    assert "The cause was not found." in looking_back(alone).badly


def headlined(change: Change | None, **changes: object) -> str:
    peak = Facts(at=at(1), error_ratio=0.41, felt=("web",))
    return headline(sample.resolved().evolve(**{"peak": peak, **changes}), change)


def test_the_title_says_what_brought_it_what_users_felt_and_for_how_long() -> None:
    assert headlined(RELEASE) == (
        "Checkout release 2026.11.2: up to four in ten requests to web failed for 18 minutes"
    )
    assert headlined(None) == "Checkout: up to four in ten requests to web failed for 18 minutes"
    unknown = headlined(None, diagnosis=None)
    assert unknown == "Up to four in ten requests to web failed for 18 minutes"
    assert headlined(None, diagnosis=None, peak=None) == "38% of requests to checkout fail"


def test_a_name_keeps_its_letters_in_a_title() -> None:
    down = Facts(at=at(1), down=("API",), felt=("API",))
    assert headlined(RELEASE, peak=down).endswith(": API answered nothing for 18 minutes")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ChangeKind.DEPLOY, "release 2026.11.2 of checkout goes live"),
        (ChangeKind.CONFIG, "configuration 2026.11.2 of checkout takes effect"),
        (ChangeKind.FLAG, "a flag of checkout is set"),
        (ChangeKind.SCALE, "checkout is scaled"),
        (ChangeKind.INFRA, "what checkout runs on is changed"),
    ],
)
def test_a_change_takes_effect_in_words_of_its_kind(kind: ChangeKind, said: str) -> None:
    assert went_live(RELEASE.model_copy(update={"kind": kind})) == said


def first_rows(incident: Incident, change: Change) -> list[tuple[str, str]]:
    return [(row.what, row.by) for row in chronicle(incident, (), change)][:2]


def test_a_change_in_the_second_of_the_onset_is_one_row_with_it_and_an_earlier_one_is_not() -> None:
    assert first_rows(sample.resolved(), RELEASE)[0] == (
        "Release 2026.11.2 of checkout goes live; the trouble begins in the same second", "Kim Oduya",
    )  # fmt: skip
    early = RELEASE.model_copy(update={"time": at(-8), "author": ""})
    assert first_rows(sample.resolved(), early) == [
        ("Release 2026.11.2 of checkout goes live", "not recorded"),
        ("It begins: checkout leaves its usual level", ""),
    ]

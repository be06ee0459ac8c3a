"""What pages say: titles that users would say, summaries of two lines, words instead of ids and figures."""

from datetime import timedelta

import pytest

from incidents.catalogue import Catalogue, Service
from incidents.changes import Change, ChangeKind
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.severity import Status, Step
from incidents.timeline import EntryKind
from nexus.service.pages.board import summary
from nexus.service.pages.causes import CauseState, causes
from nexus.service.pages.deadlines import MustAct, Turn, must_act
from nexus.service.pages.steps import StepState, progress
from tests.nexus import sample
from tests.nexus.sample import at
from tools.felt import figures, in_full, sentence, title, without_rule
from tools.plainly import plainly

RELEASE = Change(
    time=at(-1.9), id="deploy-4711", service="checkout", kind=ChangeKind.DEPLOY, version_to="2026.11.2"
)
NOBODY = MustAct(turn=Turn.NOBODY, who="nobody")


def facts(**felt: object) -> Facts:
    return Facts.model_validate({"at": at(1), **felt})


@pytest.mark.parametrize(
    ("felt", "said"),
    [
        ({"down": ("web",)}, "web answers nothing"),
        ({"down": ("web", "api")}, "web and api answer nothing"),
        ({"error_ratio": 0.53, "felt": ("web",)}, "More than half of the requests to web fail"),
        ({"error_ratio": 0.5, "felt": ("web",)}, "Half of the requests to web fail"),
        ({"error_ratio": 0.41, "felt": ("web",)}, "Four in ten requests to web fail"),
        ({"error_ratio": 1.0, "felt": ("web",)}, "Nearly all requests to web fail"),
        ({"error_ratio": 0.03, "felt": ("web",)}, "3 % of the requests to web fail"),
        ({"error_ratio": 0.5, "latency_times": 20}, "Half of the requests fail"),
        ({"latency_times": 20.2, "felt": ("web",)}, "web takes 20 times as long as usual to answer"),
        ({"error_ratio": 0.0, "latency_times": 1.1}, ""),
        ({}, ""),
    ],
)
def test_a_title_says_what_users_feel(felt: dict[str, object], said: str) -> None:
    assert sentence(facts(**felt)) == said


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ("HighErrorRate: web /checkout: 53% of requests fail", "Web /checkout: 53% of requests fail"),
        ("KubePodCrashLooping: pod restarts", "Pod restarts"),
        ("HighErrorRate", "HighErrorRate"),
        ("Disk full: /var", "Disk full: /var"),
    ],
)
def test_without_a_measurement_it_says_what_the_alert_says(alert: str, said: str) -> None:
    assert without_rule(alert) == said
    assert title(sample.opened().evolve(title=alert)) == said


def test_a_title_keeps_the_worst_and_speaks_of_the_past_once_it_is_over() -> None:
    worst = facts(error_ratio=0.41, felt=("web",))
    calm = facts(error_ratio=0.0)
    burning = sample.waiting().evolve(peak=worst, facts=calm)
    assert title(burning) == "Four in ten requests to web fail"
    assert title(sample.resolved().evolve(peak=worst)) == "Up to four in ten requests to web failed"
    assert worst.worse_than(calm)
    assert worst.worse_than(None)
    assert not calm.worse_than(worst)


def test_a_service_is_called_as_customers_call_it_where_the_catalogue_says_so() -> None:
    known = Catalogue(services=(Service(name="web", public="Shop"), Service(name="checkout")))
    burning = sample.waiting().evolve(peak=facts(error_ratio=0.41, felt=("web",)))
    assert title(burning, known) == "Four in ten requests to Shop fail"
    assert "four in ten requests to Shop fail" in in_full(burning, known)
    down = sample.waiting().evolve(peak=facts(down=("checkout", "web")))
    assert title(down, known) == "checkout and Shop answer nothing"


def test_the_summary_says_since_when_and_what_happens_next() -> None:
    felt = facts(error_ratio=0.41, latency_times=20, felt=("web",))
    waiting = sample.waiting().evolve(peak=felt)
    act = MustAct(turn=Turn.YOU, who="you", what="sign a rollback")
    assert summary(waiting, (RELEASE,), act) == (
        "Since 02:56 UTC four in ten requests to web fail, and answers take 20 times as long as usual.",
        "The release of checkout 2026.11.2 at 02:56:16 is the cause (high confidence). "
        "Roll back checkout to 2026.11.1: this waits for your signature.",
    )
    over = summary(sample.resolved().evolve(peak=felt), (RELEASE,), NOBODY)
    assert over == (
        "From 02:56 to 03:14 UTC up to four in ten requests to web failed, "
        "and answers took 20 times as long as usual.",
        "The release of checkout 2026.11.2 at 02:56:16 was the cause (high confidence). "
        "Resolved at 03:45 UTC.",
    )


def test_what_is_not_known_is_said_to_be_so() -> None:
    fresh = sample.opened()
    assert "not measured yet" in in_full(fresh)
    assert summary(fresh, (), NOBODY)[1] == "The cause is not known yet. Agents measure who and what is hit."
    ended = sample.opened().evolve(status=Status.FALSE_ALARM, ended_at=at(5))
    assert summary(ended, (), NOBODY)[1] == "The cause was not found. Called a false alarm at 03:03 UTC."


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("error_ratio 0 -> 0.5167 ratio (103.3 sigma)", "52 % of its requests fail, usually none"),
        (
            "latency_p50 0.06677 -> 1.516 seconds (217.1 sigma)",
            "answers take 1.5 s, usually 67 ms",
        ),
        (
            "46 of 407 spans failed, 0.00% usually (46 sigma)",
            "46 of 407 calls failed, none usually",
        ),
        (
            "deploy deploy-4711 was made 40 s before it began",
            "release 2026.11.2 of checkout was made 40 s before it began",
        ),
        (
            'GET /cart logs "no stock" 2 per span of 6 spans, 0 of 12 before',
            "GET /cart logs “no stock”, not once before",
        ),
        (
            'GET /cart calls "stock" 2 per span of 6 spans, 1 of 12 before',
            'GET /cart calls "stock", more often than before',
        ),
        (
            'GET /cart calls "stock" 0.4 per span of 6 spans, 1 of 12 before',
            'GET /cart calls "stock", less often than before',
        ),
        (
            'GET /cart calls "stock" 0 per span of 6 spans, 1 of 12 before',
            'GET /cart calls "stock", not any more',
        ),
        ("since 2026-11-23T07:47:35.123Z it fails", "since 07:47:35 it fails"),
        ("version 2026.11.2 -> 2026.11.3 of x", "version 2026.11.2 -> 2026.11.3 of x"),
    ],
)
def test_figures_of_statistics_become_words(written: str, read: str) -> None:
    assert plainly(written, (RELEASE,)) == read


def test_the_cause_comes_first_and_what_was_ruled_out_last_with_what_ruled_it_out() -> None:
    found = causes(sample.resolved(), (RELEASE,), {})
    assert [(one.state, one.service) for one in found] == [
        (CauseState.CAUSE, "checkout"),
        (CauseState.OPEN, "web"),
        (CauseState.RULED_OUT, "payment"),
    ]
    assert found[0].what == "release 2026.11.2 at 02:56:16"
    assert found[0].share == 1.0
    assert found[2].against == "payment's latency stays at its quiet level in the traces"


def test_steps_know_how_long_they_took_and_what_lies_ahead() -> None:
    telling = [
        sample.entry("1", 0, EntryKind.ROUTING, "", "", step="triage"),
        sample.entry("2", 2, EntryKind.ROUTING, "", "", step="investigation"),
        sample.entry("3", 5, EntryKind.ROUTING, "", "", step="mitigation"),
        sample.entry("4", 7, EntryKind.ROUTING, "", "", step="investigation"),
        sample.entry("5", 8, EntryKind.ROUTING, "", "", step="mitigation"),
    ]
    steps = progress(sample.waiting(), telling, at(12))
    assert [(one.state, one.seconds, one.times) for one in steps] == [
        (StepState.DONE, 120.0, 1),
        (StepState.DONE, 240.0, 2),
        (StepState.HERE, 360.0, 2),
        (StepState.AHEAD, None, 0),
        (StepState.AHEAD, None, 0),
    ]


def test_steps_of_one_that_ended_early_were_left_out() -> None:
    ended = sample.opened().evolve(status=Status.FALSE_ALARM, ended_at=at(3), closed=True)
    steps = progress(ended, (), at(60))
    assert steps[0].seconds == timedelta(minutes=3).total_seconds()
    assert [one.state for one in steps] == [StepState.DONE, *[StepState.LEFT_OUT] * 4]


def test_of_what_is_down_no_figure_says_that_all_is_well() -> None:
    down = sample.opened().evolve(peak=facts(down=("web",), error_ratio=0.0, latency_times=1.0))
    assert [one.value for one in figures(down, None)] == [
        "nothing is answered", "no answers", "not known", "not measured",
    ]  # fmt: skip


def open_in(step: Step, **changes: object) -> Incident:
    return sample.opened().evolve(step=step, **changes)


def test_whose_turn_it_is() -> None:
    assert must_act(open_in(Step.INVESTIGATION), None).turn is Turn.AGENTS
    held = open_in(Step.MITIGATION, status=Status.HANDED_OVER, handed_over_at=at(1))
    assert (must_act(held, None).turn, must_act(held, None).what) == (Turn.OTHERS, "take it")
    assert must_act(held.evolve(holder="Dana"), None).who == "Dana"
    assert must_act(sample.waiting(), None).who == "an approver"
    assert must_act(sample.resolved().evolve(closed=True), None).turn is Turn.NOBODY

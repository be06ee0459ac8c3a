"""A game day with a change that begins without a person: what its site says, and what counts as it should."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from demo.gameday.acts import AFTER, READS, Ending, Vetoing, acted, over, spoil
from demo.gameday.earning import judged_by_truth
from demo.gameday.policy import DRILLED, UNSIGNED, may_be_earned
from demo.gameday.show import table
from demo.gameday.site import write_site
from demo.gameday.verdict import Seen, judged
from demo.scenarios import SCENARIOS
from demo.week import Lived
from evals.backtest.said import Said
from incidents.act_permission import ActPermission, PermissionState, Withdrawal
from incidents.action import ActionKind, ActionState, Outcome, Proposal, Verdict
from incidents.findings import Category
from incidents.incident import Incident
from incidents.severity import Severity
from incidents.verdicts import Judgement
from incidents.verification import Recovery
from nexus.config.site import load_site
from tests.conformance.test_permissions import permission, undo
from tests.demo.test_site import _Monitoring
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import at
from tools.recorded.document import CauseTruth, Truth

DONE = Outcome(done=True, detail="done", at=at(17))
GONE = Withdrawal(
    site="default", kind=ActionKind.ROLLBACK, service="payment", incident="INC-1", proposal="A1", at=at(18),
    why="the watched signals got worse after it",
)  # fmt: skip


def test_its_site_lets_one_kind_begin_and_says_where_its_undo_is_drilled(tmp_path: Path) -> None:
    shop = SimpleNamespace(folder=tmp_path, url=lambda name, path="": f"http://127.0.0.1:9/{name}{path}")
    write_site(tmp_path / "nexus.yaml", cast("Any", shop), cast("Any", _Monitoring()), unsigned=True)
    site = load_site(tmp_path / "nexus.yaml")
    assert site.autonomy is not None
    assert [(kind, name) for _, kind, name, _ in site.autonomy.permits()] == 2 * [("rollback", UNSIGNED)]
    assert site.autonomy.people(ActionKind.ROLLBACK, UNSIGNED, Severity.P0) is None
    assert [(one.service, one.stands_for) for one in site.drills] == [(DRILLED, (UNSIGNED,))]
    assert [name for name in SCENARIOS if may_be_earned(name)] == [
        "shop-payment-slow-release",
        "shop-poisoned",
    ]


@pytest.mark.parametrize(
    ("service", "category", "word"),
    [
        ("payment", Category.DEPLOYMENT, Judgement.RIGHT),
        ("checkout", Category.DEPLOYMENT, Judgement.WRONG),
        ("payment", Category.DEPENDENCY, Judgement.WRONG),
    ],
)
def test_a_replay_is_judged_by_what_it_really_was(service: str, category: Category, word: Judgement) -> None:
    """The day that is nearest is meant, whatever it is called."""
    cause = CauseTruth(service="payment", category=Category.DEPLOYMENT)
    lived = (Lived("slow", at(0), Truth(cause=cause)), Lived("other", at(60), Truth(cause=CauseTruth())))
    said = Said(
        case="c", title="t", at=at(1), ended_at=None, services=(), sources=(), service=service,
        category=category,
    )  # fmt: skip
    assert judged_by_truth(said, lived, at(90)).judgement is word


def day(*proposals: Proposal, verdict: Recovery | None = None) -> Incident:
    seen = None
    if verdict is not None:
        last = sample.resolved().verification
        assert last is not None
        seen = last.model_copy(update={"verdict": verdict, "action": "A1"})
    return sample.opened().evolve(proposals=proposals, verification=seen)


CHANGE = sample.proposal(state=ActionState.DONE, outcome=DONE, begins_at=at(16))
BACK = undo().model_copy(update={"state": ActionState.DONE, "outcome": DONE, "begins_at": at(18)})
VETOED = sample.proposal(state=ActionState.REJECTED)
ENDINGS = [
    (Ending.VETO, day(VETOED), PermissionState.VETOED, None),
    (Ending.ACT, day(CHANGE, verdict=Recovery.RECOVERED), PermissionState.USED, None),
    (Ending.WRONG, day(CHANGE, BACK, verdict=Recovery.WORSE), PermissionState.WITHDRAWN, GONE),
]


def ended(state: PermissionState) -> ActPermission:
    return permission().model_copy(update={"state": state, "undone": state is PermissionState.WITHDRAWN})


@pytest.mark.parametrize("ending", Ending)
def test_only_what_should_come_of_it_counts(ending: Ending) -> None:
    """Each of the three is right for its own ending and for no other."""
    right = [of for of, incident, state, gone in ENDINGS if acted(incident, ended(state), gone, ending).right]
    assert right == [ending]
    assert not acted(day(), None, None, ending).right


@pytest.mark.parametrize(
    ("ending", "incident", "state", "gone"),
    [
        (Ending.VETO, day(VETOED), PermissionState.VOID, None),
        (Ending.VETO, day(CHANGE), PermissionState.VETOED, None),
        (Ending.ACT, day(CHANGE, verdict=Recovery.UNCHANGED), PermissionState.USED, None),
        (Ending.ACT, day(CHANGE), PermissionState.USED, None),
        (Ending.WRONG, day(CHANGE, verdict=Recovery.WORSE), PermissionState.WITHDRAWN, GONE),
        (Ending.WRONG, day(CHANGE, BACK), PermissionState.WITHDRAWN, None),
    ],
)
def test_what_is_nearly_as_it_should_be_is_not(
    ending: Ending, incident: Incident, state: PermissionState, gone: Withdrawal | None
) -> None:
    assert not acted(incident, ended(state), gone, ending).right


def test_what_somebody_signed_did_not_begin_without_them() -> None:
    _, incident, state, _ = ENDINGS[1]
    signed = CHANGE.model_copy(update={"approvals": (sample.approval(),)})
    assert not acted(incident.with_proposal(signed), ended(state), None, Ending.ACT).right


@pytest.mark.parametrize(("ending", "incident", "state", "_"), ENDINGS)
def test_a_day_waits_for_all_of_it(
    ending: Ending, incident: Incident, state: PermissionState, _: object
) -> None:
    given = ended(state)
    late = given.begins_at + AFTER
    assert not over(incident, None, ending, late)
    assert over(incident, given, ending, late) is (
        ending is not Ending.ACT
    )  # that one ends with its incident
    assert over(incident.evolve(closed=True), given, ending, late)
    if ending is Ending.VETO:
        assert not over(incident, given, ending, late - timedelta(seconds=1))


async def test_a_veto_comes_once_it_was_read_and_of_nothing_that_a_person_signs_anyway() -> None:
    said, slept = list[str](), list[float]()

    async def pause(seconds: float) -> None:
        slept.append(seconds)

    reader = Vetoing(said.append, pause)
    change = sample.proposal(begins_at=at(16))
    answer = await reader(day(change), change, at(15))
    assert answer is not None
    assert (answer.verdict, answer.digest, slept) == (Verdict.REJECT, change.digest, [READS.total_seconds()])
    assert said == ["Dana vetoes A1, 45 s before it begins"]
    asked = sample.proposal()
    assert await reader(day(asked), asked, at(15)) is None


def test_the_release_that_is_gone_back_to_is_broken_and_another_one_refused(tmp_path: Path) -> None:
    source = Path("demo/shop/releases/payment/v2026_10_4/app.py").resolve()
    app = tmp_path / "releases" / UNSIGNED / "2026.10.4" / "app.py"
    app.parent.mkdir(parents=True)
    app.write_text(source.read_text())
    shop = cast("Any", SimpleNamespace(folder=tmp_path))
    spoil(shop, "2026.10.4")
    assert "raise LookupError" in app.read_text()
    with pytest.raises(ValueError, match="another program"):
        spoil(shop, "2026.10.4")


def test_the_table_says_in_words_what_came_of_it() -> None:
    ending, incident, state, gone = ENDINGS[2]
    found = acted(incident, ended(state), gone, ending)
    seen = Seen(scenario="shop-poisoned", fault=at(0), acted=found)
    told = table([(seen, judged("shop-poisoned", SCENARIOS["shop-poisoned"].truth, incident))])
    assert "  wrong: as it should\n" in told
    assert "A2 to roll back checkout to 2026.11.2 done at" in told
    assert "without a signature" in told
    wrong = seen.model_copy(update={"acted": acted(incident, ended(state), gone, Ending.ACT)})
    assert "act: NOT AS IT SHOULD" in table(
        [(wrong, judged("x", SCENARIOS["shop-poisoned"].truth, incident))]
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("shop-poisoned", "--autonomy", "act", "--yes"), "asks a scripted person and records nothing"),
        (("shop-red-herring", "--autonomy", "act"), "is held with shop-payment-slow-release, shop-poisoned"),
        (("shop-poisoned", "--autonomy", "vet"), "did you mean veto?"),
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], why: str,
) -> None:  # fmt: skip
    typed = Terminal(tmp_path / "home", monkeypatch, capsys)("gameday", *words)
    assert typed.code == 2
    assert why in typed.err

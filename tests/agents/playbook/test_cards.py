"""Which card fits, and what it lets be proposed: levels are compared, harms forbid, load is asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.playbook.cards.observed import Observed, SeenLine, observe
from agents.playbook.cards.recognised import fitting, harm_of
from incidents.action import Action, ActionKind, ActionState, Arguments
from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.causes import Card, Causes, Fact, Harm, Sign, SignLevel, Signs
from incidents.changes import Change, ChangeKind
from incidents.findings import Category, Channel, Window
from incidents.verification import Recovery, SignalKind, Verification
from tests.agents.playbook.test_keywords import COMMANDER, diagnosed, logging
from tests.agents.playbook.test_worlds import INFRASTRUCTURE, mitigate
from tests.agents.stage import CAUSES, NOW, ONSET, Levels, Planned, Stage, incident, proposal, world
from tools.telemetry.levels import Level

SERVED = Catalogue(
    services=(
        Service(name="web", user_facing=True, depends_on=("orders",)),
        Service(name="orders", depends_on=("store",)),
        Service(name="store", kind=ServiceKind.DATABASE),
    )
)
#: The store works hard, and users feel it.
HARD: Levels = {
    ("web", "latency_p95", "seconds", ""): (0.08, 0.9),
    ("web", "request_rate", "per_second", ""): (20.0, 20.0),
    ("orders", "latency_p95", "seconds", ""): (0.05, 0.8),
    ("orders", "request_rate", "per_second", ""): (20.0, 20.0),
    ("store", "latency_p95", "seconds", ""): (0.004, 0.7),
    ("store", "cpu", "ratio", ""): (0.2, 0.97),
    ("store", "request_rate", "per_second", ""): (40.0, 40.0),
}
INVESTIGATOR = "infrastructure_maintainer"
levels = st.sampled_from(SignLevel)


def card(name: str, *words: tuple[str, SignLevel], harms: tuple[ActionKind, ...] = ()) -> Card:
    return Card(
        id=name, title=name, category=Category.INFRASTRUCTURE,
        signs=Signs(logs=tuple(Sign(match=word, level=level) for word, level in words)),
        harms=tuple(Harm(action=action, why=f"{name} says so") for action in harms),
    )  # fmt: skip


def seen(*lines: str, kind: ServiceKind = ServiceKind.SERVICE) -> Observed:
    said = tuple(SeenLine(template=line, sample=line, evidence="E-1") for line in lines)
    return Observed(service="orders", kind=kind, lines=said)


class TestFitting:
    @given(first=levels, second=levels, more=st.integers(min_value=0, max_value=5))
    def test_no_number_of_weaker_signs_outweighs_a_stronger_one(
        self, first: SignLevel, second: SignLevel, more: int
    ) -> None:
        many = [(f"b{n}", second) for n in range(more + 1)]
        causes = Causes(cards=(card("aa", ("a0", first)), card("bb", *many)))
        found = fitting(seen("a0", *(word for word, _ in many)), causes)
        assert [one.card.id for one in found] == (["aa", "bb"] if first.rank <= second.rank else ["bb", "aa"])

    def test_what_the_part_cannot_have_and_what_is_ruled_out_does_not_fit(self) -> None:
        stores = card("aa", ("a0", SignLevel.DECISIVE)).model_copy(update={"kinds": (ServiceKind.DATABASE,)})
        calm = card("bb", ("a0", SignLevel.DECISIVE)).model_copy(update={"unless": (Fact.BUSIER,)})
        causes = Causes(cards=(stores, calm))
        assert [one.card.id for one in fitting(seen("a0"), causes)] == ["bb"]
        busier = seen("a0", kind=ServiceKind.DATABASE).model_copy(update={"facts": frozenset({Fact.BUSIER})})
        assert [one.card.id for one in fitting(busier, causes)] == ["aa"]

    def test_what_a_caller_logs_tells_of_its_store_only(self) -> None:
        line = SeenLine(template="a0", sample="a0", evidence="E-1", own=False)
        told = Observed(service="store", kind=ServiceKind.DATABASE, lines=(line,))
        anywhere = card("aa", ("a0", SignLevel.CLEAR))
        stores = anywhere.model_copy(update={"id": "bb", "kinds": (ServiceKind.DATABASE,)})
        assert [one.card.id for one in fitting(told, Causes(cards=(anywhere, stores)))] == ["bb"]

    def test_what_lies_on_the_way_to_a_part_is_told_by_callers_that_name_it(self) -> None:
        own, way = card("aa", ("a0", SignLevel.CLEAR)), card("bb", ("a0", SignLevel.CLEAR))
        causes = Causes(cards=(own, way.model_copy(update={"at_callers": True})))
        heard = SeenLine(template="a0", sample="a0", evidence="E-1", own=False)
        named = heard.model_copy(update={"names_it": True})
        of = [fitting(seen().model_copy(update={"lines": (line,)}), causes) for line in (heard, named)]
        assert [[one.card.id for one in found] for found in of] == [[], ["bb"]]

    @given(against=levels, offered=levels)
    def test_a_card_that_says_less_than_what_is_offered_forbids_nothing(
        self, against: SignLevel, offered: SignLevel
    ) -> None:
        found = fitting(seen("a0"), Causes(cards=(card("aa", ("a0", against), harms=(ActionKind.SCALE,)),)))
        harm = harm_of(ActionKind.SCALE, found, frozenset(), offered)
        telling = against in {SignLevel.DECISIVE, SignLevel.CLEAR}
        assert (harm is not None) == (telling and against.rank <= offered.rank)
        assert harm_of(ActionKind.RESTART, found, frozenset(), offered) is None


@pytest.mark.parametrize(
    ("metric", "named"),
    [
        ("postgresql.replication.delay", "replica_lag"),
        ("aws.rds.ReplicaLag", "replica_lag"),
        ("mysql_slave_status_seconds_behind_master", "replica_lag"),
        ("mongodb.replset.replicationLag", "replica_lag"),
        ("BurstBalance", "disk_busy"),
        ("DatabaseConnections", "connections_exhausted"),
        ("FreeStorageSpace", "disk_full"),
        ("system.disk.free", "disk_full"),
        ("mysql.innodb.row-lock-waits", "lock_held"),
        ("sqlserver.stats.deadlocks", "deadlock"),
        ("pg_stat_activity_max_tx_duration", "long_transaction"),
        ("node_timex_offset_seconds", "clock_skew"),
        ("probe_ssl_earliest_cert_expiry", "certificate_expired"),
    ],
)
def test_a_series_leads_to_its_card_however_its_name_is_written(metric: str, named: str) -> None:
    off = Level(service="db", metric=metric, kind=SignalKind.SATURATION, unit="", now=9.0, deviates=True)
    told = Observed(service="db", kind=ServiceKind.DATABASE, levels=((off, "E-1"),))
    assert fitting(told, CAUSES)[0].card.id == named


class TestLoad:
    @pytest.mark.parametrize(
        ("more", "scaled"),
        [
            ({}, None),
            ({("store", "rows_scanned_rate", "per_second", ""): (10.0, 90000.0)}, None),
            ({("store", "request_rate", "per_second", ""): (40.0, 160.0)}, None),
            (
                {
                    ("store", "request_rate", "per_second", ""): (40.0, 160.0),
                    ("orders", "request_rate", "per_second", ""): (20.0, 60.0),
                },
                None,
            ),
            (
                {
                    ("store", "request_rate", "per_second", ""): (40.0, 160.0),
                    ("web", "request_rate", "per_second", ""): (20.0, 60.0),
                },
                9,
            ),
        ],
        ids=["as usual", "rows of one statement", "asked twice", "retries of its caller", "asked by users"],
    )
    async def test_a_store_grows_with_what_users_ask_alone(self, more: Levels, scaled: int | None) -> None:
        stage = Stage(world(SERVED, {**HARD, **more}, actions=Planned(replicas={"store": 3})))
        case = diagnosed("store", Category.INFRASTRUCTURE)
        report = await mitigate(stage, case, COMMANDER, INFRASTRUCTURE)
        counts = [one.action.arguments.replicas for one in report.proposals]
        assert counts[:1] == ([scaled] if scaled is not None else [])
        assert {one.action.kind for one in report.proposals} <= {ActionKind.SCALE}

    async def test_no_more_is_asked_for_than_an_action_may(self) -> None:
        crowd: Levels = {**HARD, ("orders", "request_rate", "per_second", ""): (20.0, 9e5)}
        crowd = {**crowd, ("orders", "cpu", "ratio", ""): (0.2, 0.99)}
        crowd = {**crowd, ("web", "request_rate", "per_second", ""): (20.0, 9e5)}
        stage = Stage(world(SERVED, crowd, actions=Planned(replicas={"orders": 4})))
        case = diagnosed("orders", Category.INFRASTRUCTURE)
        report = await mitigate(stage, case, COMMANDER, INFRASTRUCTURE)
        assert report.proposals[0].action.arguments.replicas == 1000

    async def test_what_was_scaled_in_vain_is_not_scaled_further(self) -> None:
        hard: Levels = {**HARD, ("orders", "cpu", "ratio", ""): (0.2, 0.99)}
        stage = Stage(world(SERVED, hard, actions=Planned(replicas={"orders": 6})))
        case = diagnosed("orders", Category.INFRASTRUCTURE)
        done = Action(kind=ActionKind.SCALE, service="orders", arguments=Arguments(replicas=6))
        vain = case.with_proposal(proposal(done, ActionState.DONE)).evolve(
            verification=Verification(
                at=NOW, verdict=Recovery.UNCHANGED, readings=(), summary="unchanged",
                window=Window(start=ONSET, end=NOW), evidence=("E-1",),
            )
        )  # fmt: skip
        fresh = await mitigate(stage, case, COMMANDER, (ActionKind.SCALE,))
        again = await mitigate(stage, vain, COMMANDER, (ActionKind.SCALE,))
        assert fresh.proposals
        assert again.proposals == ()
        assert "orders was scaled, and the signals stayed as they were" in again.summary


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("FATAL: sorry, too many clients already", ()),
        ("could not extend file: No space left on device", ()),
        ("OOM command not allowed when used memory > 'maxmemory'.", ()),
        ("PANIC: could not read block 7 in file: Input/output error", (ActionKind.FAILOVER,)),
        ("process 4 still waiting for AccessExclusiveLock on relation 9", (ActionKind.RESTART,)),
    ],
)
async def test_what_a_store_says_decides_what_may_be_done_to_it(
    line: str, kinds: tuple[ActionKind, ...]
) -> None:
    stage = Stage(world(SERVED, HARD, logging("store", line), actions=Planned(replicas={"store": 3})))
    report = await mitigate(stage, diagnosed("store", Category.INFRASTRUCTURE), COMMANDER, INFRASTRUCTURE)
    assert tuple(one.action.kind for one in report.proposals) == kinds


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("dial tcp: lookup orders on 10.0.0.2:53: no such host", "dns"),
        ("orders: Temporary failure in name resolution", "dns"),
        ("x509: certificate has expired or is not yet valid: orders", "certificate_expired"),
        ("orders answered 401: TokenExpiredError", "certificate_expired"),
        ("orders answered 401: The token is not yet valid (nbf)", "clock_skew"),
        ("jwt rejected by orders: Token used before issued", "clock_skew"),
        ("orders answered 429: too many requests", "quota"),
        ("no route to host: orders", "routing"),
        ("orders refused the login: invalid client secret", None),  # it may be wrong at the caller
        ("connection to orders timed out", None),
        ("x509: certificate has expired: elsewhere", None),
    ],
)
async def test_what_fails_on_the_way_to_a_part_is_read_where_it_is_called(
    line: str, named: str | None
) -> None:
    stage = Stage(world(SERVED, HARD, logging("web", line)))
    found = await observe(stage.context(incident(), INVESTIGATOR), "orders", None)
    ways = [one for one in fitting(found, CAUSES) if Channel.LOGS in {sign.channel for sign in one.signs}]
    assert [one.card.id for one in ways if not one.card.general][:1] == ([named] if named else [])


def test_a_change_is_told_by_its_kind_and_its_words() -> None:
    change = Change(
        time=ONSET - timedelta(minutes=1), id="x", service="orders", kind=ChangeKind.INFRA,
        summary="Terraform apply",
    )  # fmt: skip
    told = Observed(service="orders", change=(change, "E-2"), facts=frozenset({Fact.CHANGED}))
    assert fitting(told, CAUSES)[0].card.id == "automation"

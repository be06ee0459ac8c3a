"""Cause cards: those that ship hold together, and a team's own needs nothing but `nexus.yaml`."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agents.playbook.tasks.post_mortem import lessons
from agents.playbook.tasks.prevention import prevention
from incidents.action import Action, ActionKind
from incidents.catalogue import Catalogue, Service, ServiceKind
from incidents.causes import Causes, SignLevel
from incidents.errors import SettingsError
from incidents.findings import Category, Diagnosis
from incidents.incident import Incident
from incidents.reports import InvestigationReport, MitigationReport, Task
from incidents.severity import Step
from nexus.config.causes import shipped_causes
from nexus.config.site import load_site
from tests.agents.stage import ONSET, ROSTER, START, Levels, Stage, incident, world

OWN = """
services:
  - {name: web, user_facing: true, depends_on: [coupons]}
  - {name: coupons, owner: loyalty}
causes:
  - id: ledger_sealed
    title: its ledger is sealed
    category: infrastructure
    kinds: [service]
    signs:
      logs: [{match: 'coupon ledger is sealed', level: decisive, of: CouponBox}]
    alike: [lock_held]
    remedies:
      - action: restart
        at: service
        helps: a fresh instance opens a new ledger
        risk: Coupons may be lost.
    harms: [{action: scale, why: more instances wait for the same ledger}]
    watch: [coupons are redeemed again]
    prevention:
      monitoring: [{text: 'Alert on seals of the ledger of {service}.', owner: service, days: 1}]
"""
SERVICES = "services: [{name: web}]\n"
#: What `<>` stands for in a card.
REST = "title: t, category: code"
COMMANDER = "infrastructure_maintainer"
CATALOGUE = Catalogue(
    services=(
        Service(name="web", user_facing=True, depends_on=("coupons",)),
        Service(name="coupons", owner="loyalty"),
    )
)
LEVELS: Levels = {
    ("web", "error_ratio", "ratio", ""): (0.001, 0.3),
    ("web", "latency_p95", "seconds", ""): (0.08, 0.08),
    ("coupons", "error_ratio", "ratio", ""): (0.001, 0.4),
    ("coupons", "latency_p95", "seconds", ""): (0.05, 0.05),
}


def sealed() -> list[tuple[datetime, str, str, str]]:
    """Error lines in words that no card of ours knows."""
    calm = [(START + n * timedelta(seconds=20), "coupons", "info", "redeemed") for n in range(80)]
    new = [
        (ONSET + n * timedelta(seconds=5), "coupons", "error", "Coupon ledger is SEALED") for n in range(60)
    ]
    return sorted([*calm, *new])


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nexus.yaml"
    path.write_text(text)
    return path


async def worked(causes: Causes) -> tuple[Incident, MitigationReport]:
    """What the commander concludes and proposes with these cards."""
    stage, case = Stage(world(CATALOGUE, LEVELS, sealed()), causes=causes), incident()
    found = await stage.do(case, COMMANDER, Task.INVESTIGATE)
    assert isinstance(found, InvestigationReport)
    best = found.hypotheses[0].model_dump(exclude={"ruled_out_by"})
    case = case.evolve(diagnosis=Diagnosis.model_validate(best))
    offered = await stage.do(
        case,
        COMMANDER,
        Task.MITIGATE,
        step=Step.MITIGATION,
        actions=(ActionKind.SCALE, ActionKind.RESTART, ActionKind.FAILOVER),
    )
    assert isinstance(offered, MitigationReport)
    return case, offered


async def test_a_card_of_ones_own_makes_the_diagnosis_the_remedy_and_the_prevention(tmp_path: Path) -> None:
    site = load_site(written(tmp_path, OWN))
    causes = shipped_causes().with_own(site.causes)
    case, offered = await worked(causes)
    assert case.diagnosis is not None
    assert (case.diagnosis.service, case.diagnosis.category) == ("coupons", Category.INFRASTRUCTURE)
    assert case.diagnosis.mechanism == "ledger_sealed"
    (proposed,) = offered.proposals
    assert proposed.action == Action(kind=ActionKind.RESTART, service="coupons")
    assert "a fresh instance opens a new ledger" in proposed.reason
    assert "coupons are redeemed again" in proposed.expected_effect
    assert "Coupons may be lost." in offered.concerns
    stage = Stage(world(CATALOGUE, LEVELS, sealed()), causes=causes)
    first, *_ = prevention(lessons(stage.context(case, COMMANDER)), causes).items
    assert (first.action, first.owner) == ("Alert on seals of the ledger of coupons.", "loyalty")


async def test_without_it_nobody_knows_what_the_line_means() -> None:
    case, offered = await worked(shipped_causes())
    assert case.diagnosis is not None
    assert case.diagnosis.category is not Category.INFRASTRUCTURE
    assert case.diagnosis.mechanism is None
    assert offered.proposals == ()


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        (
            "{id: a_b, title: t, category: infra}",
            "causes[0].category: 'infra' is not allowed; did you mean infrastructure?",
        ),
        ("{id: A, <>}", "causes[0].id"),
        (
            "{id: a_b, <>, alike: [lock_hold]}",
            "causes.a_b.alike: there is no card 'lock_hold'; did you mean lock_held?",
        ),
        ("{id: a_b, <>, signs: {logs: [{match: 'Out of'}]}}", "write 'O' as 'o'"),
        ("{id: a_b, <>, signs: {logs: [{match: '(x'}]}}", "this is no regular expression"),
        ("{id: a_b, <>, signs: {log: []}}", "causes[0].signs.log: there is no such key; did you mean logs?"),
        (
            "{id: a_b, <>, remedies: [{action: reboot, helps: h}]}",
            "causes[0].remedies[0].action: 'reboot' is not allowed",
        ),
        ("{id: a_b, <>, remedies: [{action: restart}]}", "causes[0].remedies[0].helps: this is missing"),
        (
            "{id: a_b, <>, remedies: [{action: restart, helps: h}], harms: [{action: restart, why: w}]}",
            "a restart of the same part stands under `remedies` and under `harms`",
        ),
        (
            "{id: a_b, <>, prevention: {testing: [{text: 'x {servce}', owner: service, days: 1}]}}",
            "did you mean service?",
        ),
        ("{id: a_b, <>}, {id: a_b, title: u, category: code}", "the card 'a_b' stands twice"),
    ],
)
def test_a_mistake_in_a_card_is_named_with_its_mend(card: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        load_site(written(tmp_path, f"{SERVICES}causes: [{card.replace('<>', REST)}]\n"))


def test_a_card_of_the_same_word_takes_the_place_of_ours(tmp_path: Path) -> None:
    text = f"{SERVICES}causes: [{{id: lock_held, title: t, category: code}}]\n"
    causes = shipped_causes().with_own(load_site(written(tmp_path, text)).causes)
    assert causes.by_id["lock_held"].category is Category.CODE
    assert len(causes.cards) == len(shipped_causes().cards)


class TestShipped:
    def test_every_category_has_a_card_that_always_fits(self) -> None:
        assert all(shipped_causes().general(category) is not None for category in Category)

    def test_a_failover_is_offered_to_stores_alone_and_needs_a_failed_primary(self) -> None:
        offers = {
            card.id
            for card in shipped_causes().cards
            for one in card.remedies
            if one.action is ActionKind.FAILOVER and one.at == "store"
        }
        assert offers == {"failed_primary", "node_failed"}
        everywhere = [one for card in shipped_causes().cards for one in card.remedies]
        assert all(one.at == "store" for one in everywhere if one.action is ActionKind.FAILOVER)

    def test_every_card_of_one_cause_says_how_it_shows_and_what_would_keep_it_away(self) -> None:
        for card in shipped_causes().cards:
            signs = card.signs
            assert card.general or any((signs.logs, signs.metrics, signs.alerts, signs.changes)), card.id
            assert card.prevention.model_dump(exclude_defaults=True) or card.id == "bad_release", card.id

    def test_owners_of_measures_are_roles(self) -> None:
        lines = [
            line
            for sheet in (*(card.prevention for card in shipped_causes().cards), shipped_causes().prevention)
            for kind in ("monitoring", "testing", "process", "infrastructure")
            for line in sheet.of(kind)
        ]
        assert {line.owner for line in lines} <= {"service", *(role.slug for role in ROSTER.roles)}

    @pytest.mark.parametrize(
        ("line", "card", "level"),
        [
            ('FATAL:  password authentication failed for user "cart"', "credentials_rejected", "decisive"),
            ("x509: certificate has expired or is not yet valid", "certificate_expired", "decisive"),
            ("dial tcp: lookup cart.svc on 10.0.0.10:53: no such host", "dns", "clear"),
            ("JWT was issued in the future", "clock_skew", "decisive"),
            ("HTTP 429 from api.example.com", "quota", "clear"),
            ("Liveness probe failed: HTTP probe failed with statuscode: 503", "health_checks", "clear"),
            ("0/12 nodes are available: 12 Insufficient memory.", "limits", "clear"),
            (
                "ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction",
                "lock_held",
                "decisive",
            ),
            ("ORA-00060: deadlock detected while waiting for resource", "deadlock", "decisive"),
            (
                "HikariPool-1 - Connection is not available, request timed out after 30001ms.",
                "pool_exhausted",
                "decisive",
            ),
            (
                "WARNING: server reached pm.max_children setting (50), consider raising it",
                "workers_busy",
                "decisive",
            ),
            ("I/O error on POST request for http://rates/quote: Connection refused", "dependency", "weak"),
            ("EXT4-fs error: Buffer I/O error on device sdb1", "failed_primary", "decisive"),
        ],
    )
    def test_words_of_products_lead_to_their_card(self, line: str, card: str, level: SignLevel) -> None:
        sign = shipped_causes().of_line(line)
        assert sign is not None
        assert (sign.card.id, sign.level) == (card, level)

    def test_what_is_about_stores_is_no_cause_of_a_service(self) -> None:
        card = shipped_causes().by_id["replica_lag"]
        assert card.may_be(ServiceKind.DATABASE)
        assert not card.may_be(ServiceKind.SERVICE)

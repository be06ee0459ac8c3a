"""`nexus.yaml`: what a mistake in it is answered with, and that secrets are not written there."""

import sys
from pathlib import Path

import pytest

from incidents.action import ActionKind
from incidents.errors import SettingsError
from incidents.language import Language
from incidents.severity import Severity
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import open_home
from nexus.runtime.live_run import strangers
from nexus.service.intake import AlertIntake
from tests.graph.harness import alert, incident
from tools.clock import WallClock
from tools.live.secrets import Secrets

ROLLBACK = ActionKind.ROLLBACK
SERVICES = "services: [{name: web, depends_on: [checkout], user_facing: true, tier: 1}, {name: checkout}]\n"


#: Each line doubles what the one before holds.
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(20))
TICKETS = "mcp: [{name: t, command: [x], roles: [a]}]"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nexus.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("services: []", "services: "),
        ("services: [{name: a}, {name: a}]", "'a' stands twice"),
        ("services: [{name: web, depends_on: [chekout]}, {name: checkout}]", "did you mean checkout?"),
        (
            SERVICES + "backends: {metrics: {kind: prometheus, url: nowhere}}",
            "backends.metrics.url: 'nowhere'",
        ),
        (SERVICES + "backends: {logs: [{kind: lokki, url: 'http://x'}]}", "did you mean loki?"),
        (
            SERVICES + "backends: {actions: [{kind: releases, root: /r, services: [web], supervisr: /s}]}",
            "backends.actions[0].supervisr: there is no such key; did you mean supervisor?",
        ),
        (
            SERVICES + "backends: {actions: [{kind: releases, root: /r, services: [shop]}]}",
            "backends.actions[0].services: there is no service 'shop'; known: web, checkout",
        ),
        (SERVICES + "freezes: [{reason: r, days: [sat], zone: Mars}]", "'Mars' is no time zone"),
        (SERVICES + "approval: {rules: [{approvers: 2, kinds: [rolback]}]}", "did you mean rollback?"),
        (
            SERVICES + "thresholds: {revenu: 3}",
            "thresholds.revenu: there is no such key; did you mean revenue?",
        ),
        ("services: web", "services: 'web': a list is expected"),
        ("services: [{name: no}]", "services[0].name: False: a text is expected; put it in quotes"),
        ("services: [{name: ' '}]", "services[0].name: it is empty"),
        ("services:\n\t- name: web", "line 2: a tab stands here; YAML is indented by spaces"),
        ("# nothing", "nothing stands in it"),
        ("format: 2\n" + SERVICES, "format: 2 is not allowed; known: 1"),
        (SERVICES + "thresholds: {revenue: -1}", "thresholds.revenue: -1: input should be greater than"),
        (SERVICES + "thresholds: {currency: EURO}", "thresholds.currency: 'EURO'"),
        (
            SERVICES + "language: es",
            "language: 'es': there are no texts in it; there is en (English), de (Deutsch)",
        ),
        (
            SERVICES + "language: no",
            "language: False: there are no texts in it; there is en (English), de (Deut",
        ),
        (SERVICES + "windows: {recent: 5}", "windows.recent: 5 is no duration; write it as 15m, 2h or 48h"),
        (SERVICES + "people: [{name: ana}, {name: ana}]", "people: 'ana' stands twice"),
        (SERVICES + "people: [{name: ana, may: [rolback]}]", "people[0].may[0]: 'rolback' is not allowed"),
        (SERVICES + "backends: {logs: [{kind: loki, url: 'loki:1'}]}", "backends.logs[0].url: 'loki:1': URL"),
        (
            SERVICES + "backends: {health: [{kind: status_page, service: wob, url: 'http://x'}]}",
            "backends.health[0].service: there is no service 'wob'; did you mean web?",
        ),
        (
            SERVICES + "backends: {logs: [{kind: journal, url: 'http://x', units: {a: wob}}]}",
            "backends.logs[0].units: there is no service 'wob'; did you mean web?",
        ),
        (
            SERVICES
            + "backends: {mcp: [{name: t, command: [x], actions: [{action: restart, services: [wob], "
            "run: {tool: t}}]}]}",
            "backends.mcp.t.actions[0].services: there is no service 'wob'; did you mean web?",
        ),
        (
            BOMB,
            "unfolds to more than 100,000",
        ),
        ("services: &a [*a]", "unfolds to more than 100,000 values"),
        ("a: " + "[" * 100_000, "it is nested deeper than 100 levels"),
        ("#" * 1_000_001, "it has 1,000,001 bytes; a configuration has at most 1,000,000"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_a_suggestion(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_site(written(tmp_path, text))
    assert sentence in str(caught.value)
    assert str(tmp_path / "nexus.yaml") in str(caught.value)


def test_a_secret_that_is_written_out_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = SERVICES + "intake: {token: hunter2-hunter2}"
    with pytest.raises(SettingsError, match="env:NAME or file:/PATH") as caught:
        load_site(written(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_of_a_kind_are_told_at_once(tmp_path: Path) -> None:
    written_wrong = "services: [{name: web, tier: 9}]\nbackend: {}\nlimits: {changes_per_hour: 0}\n"
    with pytest.raises(SettingsError) as caught:
        load_site(written(tmp_path, written_wrong))
    places = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert places == ["backend", "services[0].tier", "limits.changes_per_hour"]
    named_wrong = (
        "services: [{name: web, depends_on: [x, web]}, {name: web}]\n"
        "freezes: [{reason: r, days: [sat], services: [y]}]\n"
    )
    with pytest.raises(SettingsError) as caught:
        load_site(written(tmp_path, named_wrong))
    places = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert places == ["services", "services.web.depends_on", "freezes[0].services"]


def test_anchors_may_be_used(tmp_path: Path) -> None:
    text = "services: [&w {name: web, tier: 2}, {<<: *w, name: checkout}]"
    assert [one.tier for one in load_site(written(tmp_path, text)).services] == [2, 2]


@pytest.mark.parametrize("url", ["http://ana:hunter2@x", "http://ana:hunter2@x:99999", "ftp://ana:hunter2@x"])
def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    text = SERVICES + f"backends: {{metrics: {{kind: prometheus, url: '{url}'}}}}"
    with pytest.raises(SettingsError, match=r"backends\.metrics\.url: ") as caught:
        load_site(written(tmp_path, text))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            TICKETS,
            r"the extra `mcp` \(backends\.mcp\), not .*nexus-incident\[mcp\]'",
        ),
        (
            "health: [{kind: postgres, service: web, dsn: 'env:D'}], " + TICKETS,
            r"the extras `mcp` \(backends\.mcp\), `postgres` \(backends\.health\[0\]\), not installed here; "
            r"python -m pip install 'nexus-incident\[mcp,postgres\]'",
        ),
        (
            "screens: {kind: browser, pages: [{name: a, url: 'http://x', service: web}]}",
            r"the extra `browser` .*nexus-incident\[browser\]'",
        ),
    ],
)
def test_what_is_not_installed_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    site = load_site(written(tmp_path, SERVICES + f"backends: {{{text}}}"))
    for module in ("mcp", "psycopg", "playwright"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not there
    with pytest.raises(SettingsError, match=why):
        site.need_extras()


def test_a_secret_is_looked_up_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    secrets = Secrets({"TOKEN": "from-the-environment"})
    assert secrets("env:TOKEN").get_secret_value() == "from-the-environment"
    assert secrets(f"file:{tmp_path}/token").get_secret_value() == "from-a-file"
    with pytest.raises(SettingsError, match="the variable NOWHERE is not set"):
        secrets("env:NOWHERE")
    with pytest.raises(SettingsError, match="cannot be read"):
        secrets(f"file:{tmp_path}/none")


def test_people_rules_and_limits_become_the_policy(tmp_path: Path) -> None:
    text = SERVICES + (
        "people: [{name: ana}, {name: ben, may: [restart]}]\n"
        "approval: {rules: [{approvers: 2, kinds: [rollback], severities: [P0]}], valid_for: 10m}\n"
        "limits: {changes_per_hour: 2}\n"
    )
    policy = load_site(written(tmp_path, text)).policy
    assert policy.needed(ROLLBACK, Severity.P0) == 2
    assert policy.needed(ROLLBACK, Severity.P1) == 1
    assert not policy.may("ben", ROLLBACK)
    assert policy.may("ana", ROLLBACK)
    assert policy.limits is not None
    assert policy.limits.changes_per_hour == 2


def test_roles_and_services_limit_who_decides_on_what(tmp_path: Path) -> None:
    people = (
        "people: [{name: ana, roles: [approver], services: [web]}, {name: ben, roles: [viewer, responder]}, "
        "{name: cleo, roles: [admin]}, {name: dana}]\n"
    )
    policy = load_site(written(tmp_path, SERVICES + people)).policy
    assert policy.people == ("ana", "ben", "cleo", "dana")
    may = {(who, of) for who in policy.people for of in ("web", "checkout") if policy.may(who, ROLLBACK, of)}
    assert may == {
        ("ana", "web"),
        ("cleo", "web"),
        ("cleo", "checkout"),
        ("dana", "web"),
        ("dana", "checkout"),
    }


@pytest.mark.parametrize(
    ("person", "mistake"),
    [
        ("roles: [boss]", r"people\[0\].roles\[0\]: .*boss"),
        ("roles: []", r"people\[0\].roles"),
        ("roles: [viewer], may: [restart]", "`may` limits an approver, and ana is none: add it to `roles`"),
        ("roles: [viewer], services: [web]", "`services` limits an approver, and ana is none"),
        ("services: [wep]", r"people.ana.services: there is no service 'wep'; .*web"),
    ],
)
def test_a_mistake_in_a_persons_roles_is_named(tmp_path: Path, person: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=mistake):
        load_site(written(tmp_path, SERVICES + f"people: [{{name: ana, {person}}}]\n"))


def test_a_service_that_only_an_alert_knows_is_a_gap(tmp_path: Path) -> None:
    catalogue = load_site(written(tmp_path, SERVICES)).catalogue
    named = [alert().model_copy(update={"service": name}) for name in ("web", "nobody", None, "nobody")]
    (gap,) = strangers(incident().model_copy(update={"alerts": tuple(named)}), catalogue)
    assert gap.startswith("an alert names the service 'nobody', which nexus.yaml does not list")
    assert "(web, checkout)" in gap


def test_no_configuration_is_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nexus init"):
        load_site(tmp_path / "nexus.yaml")


async def test_an_incident_knows_the_currency_and_the_language_of_its_site(tmp_path: Path) -> None:
    path = written(tmp_path, SERVICES + "thresholds: {revenue: 500, currency: CHF}\nlanguage: fr")
    home = open_home(Settings(home=tmp_path / "home"), create=True)
    intake = AlertIntake(home=home, site=load_site(path), path=path, mode="playbook", clock=WallClock())
    taken = await intake.receive(b'{"title": "web fails", "service": "web"}')
    opened = await home.store.load(str(taken.incident))
    home.store.close()
    assert opened is not None
    assert (opened.currency, opened.language) == ("CHF", Language.FR)


def test_a_file_to_tell_without_a_whole_path_lies_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, of_site = tmp_path / "elsewhere", tmp_path / "etc"
    elsewhere.mkdir()
    of_site.mkdir()
    monkeypatch.chdir(elsewhere)
    written(
        of_site,
        SERVICES + "notify: {destinations: [{name: a, kind: file, path: told/a.jsonl},"
        " {name: b, kind: file, path: ../b.jsonl}, {name: c, kind: file, path: /srv/c.jsonl},"
        " {name: d, kind: ntfy, topic: 'env:T'}]}",
    )
    for path in (of_site / "nexus.yaml", Path("../etc/nexus.yaml")):
        placed = {one.name: getattr(one, "path", None) for one in load_site(path).notify.destinations}
        assert placed == {
            "a": of_site / "told/a.jsonl", "b": of_site / "../b.jsonl", "c": Path("/srv/c.jsonl"), "d": None,
        }  # fmt: skip

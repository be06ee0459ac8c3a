"""`nexus init`: a first configuration from what a Prometheus scrapes."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from nexus.config.site import load_site
from tests.nexus.command_line import Terminal
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tools.live.settings import Backends, Loki, Tempo

METRICS = [
    "up", "http_server_request_duration_seconds_count", "http_server_request_duration_seconds_bucket",
    "pg_up", "redis_up", "mysql_up", "rabbitmq_build_info",
]  # fmt: skip
LABELS = {"__name__": METRICS, "service": ["web", "checkout", "yes"], "instance": ["a:1"]}


def answer(asked: Asked) -> Answer:
    """Label values and targets, for who shows the token."""
    if asked.headers.get("authorization", asked.headers.get("Authorization")) != "Bearer of-the-test":
        return Answer("no", 401)
    if asked.path == "/api/v1/targets":
        target = {"labels": {"job": "shop", "instance": "a:1"}, "health": "down"}
        return told({"status": "success", "data": {"activeTargets": [target]}})
    label = asked.path.split("/")[4]
    return told({"status": "success", "data": LABELS.get(label, [])})


def test_a_first_configuration_is_written_and_read_back(nexus: Terminal, tmp_path: Path) -> None:
    nexus.set("PROM", "of-the-test")
    path = tmp_path / "nexus.yaml"
    with serving(answer) as server:
        words = ("init", "--prometheus", server.url, "--out", path, "--bearer", "env:PROM")
        made = nexus(*words)
        again = nexus(*words)
        replaced = nexus(*words, "--force")
    assert made.code == 0, made.err
    assert "3 services (web, checkout, yes)" in made.out
    assert "Not found: shop a:1: it is scraped and does not answer" in made.out
    assert "Can be asked itself, see `health` in it: postgres, mariadb, redis, rabbitmq" in made.out
    site = load_site(path)
    assert site.catalogue.names == ("web", "checkout", "yes")
    assert suggested(path.read_text()) == ["postgres", "mariadb", "redis", "rabbitmq"]
    assert site.backends.prometheus is not None
    assert site.backends.prometheus.conventions == ("up", "otel-http")
    assert site.backends.prometheus.auth.bearer == "env:PROM"
    assert "of-the-test" not in path.read_text()
    assert (again.code, "--force replaces it" in again.err, replaced.code) == (2, True, 0)


def suggested(text: str) -> list[str]:
    """The kinds of the parts that the file suggests: as they stand there they can be read."""
    rows = text.split("  # health:\n")[1].split("  # screens")[0].replace("  # ", "").replace("...", "web")
    return [one.kind for one in Backends.model_validate({"health": yaml.safe_load(rows)}).health]


def test_what_does_not_answer_is_a_sentence(nexus: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "nexus.yaml"
    with serving(answer) as server:
        refused = nexus("init", "--prometheus", server.url, "--out", path)
    assert (refused.code, "refused the credentials (401)" in refused.err) == (1, True)
    nowhere = nexus("init", "--prometheus", "nowhere", "--out", path)
    assert (nowhere.code, "url: 'nowhere'" in nowhere.err) == (2, True)
    inline = nexus("init", "--prometheus", "http://127.0.0.1:9", "--out", path, "--bearer", "hunter2-hunter2")
    assert (inline.code, "hunter2" in inline.err) == (2, False)
    for url in ("http://ana:hunter2@127.0.0.1:9", "ftp://ana:hunter2@x"):
        named = nexus("init", "--prometheus", url, "--out", path)
        assert (named.code, "url: " in named.err, "hunter2" in named.err) == (2, True, False)
    assert not path.exists()


def nothing(asked: Asked) -> Answer:
    """A Prometheus that scrapes nothing."""
    empty: object = {"activeTargets": []} if asked.path == "/api/v1/targets" else []
    return told({"status": "success", "data": empty})


@pytest.mark.parametrize(
    ("handler", "code", "said"),
    [
        (nothing, 2, "has no series that name a service: "),
        (lambda _: Answer("<html>sign in</html>"), 1, "answered HTML where JSON was expected; check the URL"),
        (lambda _: told({"status": "success", "data": 7}), 1, "answered in an unexpected form"),
        (lambda _: Answer("", 503), 1, "answered 503"),
    ],
)
def test_what_is_no_prometheus_or_an_empty_one_writes_nothing(
    nexus: Terminal, tmp_path: Path, handler: Handler, code: int, said: str
) -> None:
    with serving(handler) as server:
        made = nexus("init", "--prometheus", server.url, "--out", tmp_path / "nexus.yaml")
    assert (made.code, said in made.err) == (code, True), made.err
    assert not (tmp_path / "nexus.yaml").exists()


def plain(asked: Asked) -> Answer:
    """A Prometheus that asks for no token, and scrapes once in two minutes."""
    if asked.path == "/api/v1/targets":
        target = {"labels": {"job": "shop"}, "health": "up", "scrapeInterval": "2m"}
        return told({"status": "success", "data": {"activeTargets": [target]}})
    return told({"status": "success", "data": LABELS.get(asked.path.split("/")[-2], [])})


def at(path: str, body: object) -> Handler:
    """A server that knows one address, and says of all others that there is none."""
    answer = Answer(body) if isinstance(body, str) else told(body)
    return lambda asked: answer if asked.path == path else Answer("404 page not found", 404)


FIELDS = {"values": [{"value": "_msg", "hits": 7}, {"value": "service_name", "hits": 7}]}


@pytest.mark.parametrize(
    ("option", "handler", "kind", "settings"),
    [
        ("--logs", at("/loki/api/v1/labels", {"status": "success", "data": ["service"]}), "loki", {}),
        (
            "--logs",
            at("/loki/api/v1/labels", {"status": "success", "data": ["app", "pod"]}),
            "loki",
            {"service": "app", "selector": '{app=~".+"}'},
        ),
        (
            "--logs",
            at("/select/logsql/field_names", FIELDS),
            "victorialogs",
            {"service": "service_name"},
        ),
        ("--logs", at("/", {"version": {"number": "9.2.0"}, "tagline": "x"}), "elasticsearch", {}),
        ("--logs", at("/machine", {"machine_id": "1", "boot_id": "2"}), "journal", {}),
        ("--traces", at("/api/echo", "echo"), "tempo", {}),
        ("--traces", at("/api/v3/services", {"services": ["web"]}), "jaeger_v2", {}),
        ("--traces", at("/api/services", {"data": ["web"], "total": 1}), "jaeger", {}),
    ],
)
def test_what_answers_where_logs_and_traces_are_is_recognised(
    nexus: Terminal, tmp_path: Path, option: str, handler: Handler, kind: str, settings: dict[str, str]
) -> None:
    path = tmp_path / "nexus.yaml"
    with serving(plain) as first, serving(handler) as second:
        made = nexus("init", "--prometheus", first.url, option, second.url, "--out", path)
    assert made.code == 0, made.err
    backends = load_site(path).backends
    (spec,) = backends.logs or (backends.traces,)
    assert spec is not None
    assert spec.kind == kind
    assert {name: getattr(spec, name) for name in settings} == settings
    assert backends.prometheus is not None
    assert backends.prometheus.rate_window == timedelta(minutes=8)  # four scrapes


def test_an_address_at_which_nothing_known_answers_writes_nothing(nexus: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "nexus.yaml"
    with serving(plain) as first, serving(lambda _: Answer("<html>hello</html>")) as second:
        made = nexus("init", "--prometheus", first.url, "--logs", second.url, "--out", path)
    assert made.code == 1
    assert "nothing that is known answers at" in made.err
    assert "loki: the logs backend at" in made.err
    assert not path.exists()


SOURCES = [
    {"uid": "old", "name": "Old", "type": "prometheus", "access": "proxy"},
    {"uid": "a/b", "name": "Mimir", "type": "prometheus", "access": "proxy", "isDefault": True},
    {"uid": "l", "name": "Loki", "type": "loki", "access": "proxy"},
    {"uid": "t", "name": "Tempo", "type": "tempo", "access": "proxy"},
    {"uid": "m", "name": "Orders", "type": "mysql", "access": "proxy"},
]


def grafana(asked: Asked) -> Answer:
    """A Grafana by its documents: its list, and what it passes on, for who shows the token."""
    if asked.headers.get("authorization", asked.headers.get("Authorization")) != "Bearer of-the-test":
        return Answer(json.dumps({"message": "Unauthorized"}), 401)
    if asked.path == "/grafana/api/datasources":
        return told(SOURCES)
    door, _, path = asked.path.removeprefix("/grafana/api/datasources/proxy/uid/").partition("/")
    match door, f"/{path}":
        case "a%2Fb", wanted:
            return answer(replace(asked, path=wanted))
        case "l", "/loki/api/v1/labels":
            return told({"status": "success", "data": ["service"]})
        case "t", "/api/echo":
            return Answer("echo")
        case _:
            return Answer("no such page", 404)


def test_a_grafana_is_the_door_to_all_that_it_has(nexus: Terminal, tmp_path: Path) -> None:
    nexus.set("PROM", "of-the-test")
    path = tmp_path / "nexus.yaml"
    with serving(grafana) as server:
        words = ("init", "--grafana", f"{server.url}/grafana", "--bearer", "env:PROM", "--out", path)
        made = nexus(*words)
        site = load_site(path)
        stranger = nexus(*words[:3], "--out", path, "--force")
    assert made.code == 0, made.err
    for told_of in ("Mimir (prometheus), asked for metrics", "Loki (loki), asked for logs", "Orders (mysql)"):
        assert f"Grafana has {told_of}\n" in made.out
    proxy = f"{server.url}/grafana/api/datasources/proxy/uid"
    metrics, (logs,), traces = site.backends.prometheus, site.backends.logs, site.backends.traces
    assert isinstance(logs, Loki)
    assert isinstance(traces, Tempo)
    assert metrics is not None
    assert [str(one.url) for one in (metrics, logs, traces)] == [f"{proxy}/a%2Fb", f"{proxy}/l", f"{proxy}/t"]
    assert [one.auth.bearer for one in (metrics, logs, traces)] == ["env:PROM"] * 3
    assert (stranger.code, "refused the credentials (401)" in stranger.err) == (1, True)


def test_a_grafana_without_a_prometheus_or_beside_others_writes_nothing(
    nexus: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "nexus.yaml"
    with serving(lambda _: told(SOURCES[2:])) as server:
        bare = nexus("init", "--grafana", server.url, "--out", path)
    assert (bare.code, "has no data source of type prometheus; it lists Loki (loki)" in bare.err) == (2, True)
    with serving(lambda _: told({"message": "hello"})) as server:
        other = nexus("init", "--grafana", server.url, "--out", path)
    assert (other.code, "check that it is a Grafana" in other.err) == (1, True)
    for words in (
        (),
        ("--grafana", "http://g", "--prometheus", "http://p"),
        ("--grafana", "http://g", "--logs", "x"),
    ):
        both = nexus("init", *words, "--out", path)
        assert (both.code, "or --grafana alone" in both.err) == (2, True)
    assert not path.exists()

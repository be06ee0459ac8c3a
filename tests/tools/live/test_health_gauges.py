"""A team's own numbers over HTTP: ten lines of nexus.yaml, asked of a real server on this machine."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.catalogue import Catalogue, Service
from incidents.errors import SettingsError
from incidents.health import Probe
from nexus.config.site import Site, load_site
from tests.tools.live.fakes.server import Answer, Asked, Server, serving
from tools.clock import VirtualClock
from tools.live.checks import check_backends
from tools.live.health import LiveHealth
from tools.live.health.gauges import LARGEST_STATUS, broken_limit
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.live.settings_health import Gauge
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
MAILER = Catalogue(services=(Service(name="mailer"),))
STATUS = {
    "queues": [{"name": "mail", "waiting": 1543}, {"name": "sms", "waiting": 2}],
    "oldest": {"seconds": 12.5}, "free": 0.04, "busy": True, "version": "12", "nothing": None,
}  # fmt: skip

TEN_LINES = """\
services: [{name: mailer}]
backends:
  health:
    - kind: http
      service: mailer
      url: URL
      path: /status?full=1
      auth: {bearer: "env:MAILER_TOKEN"}
      gauges:
        - {name: mails that wait, find: "queues[?name=='mail'].waiting | [0]", above: 1000}
        - {name: oldest mail, find: oldest.seconds, unit: seconds, above: 300}
        - {name: free space, find: free, unit: ratio, below: 0.1}
"""


def status(asked: Asked) -> Answer:
    match asked.path:
        case "/status" if asked.headers.get("Authorization") == "Bearer s3cret-token":
            return Answer(json.dumps(STATUS))
        case "/large":
            return Answer("[" + "1," * LARGEST_STATUS + "1]")
        case "/page":
            return Answer("<html>")
        case "/open":
            return Answer(json.dumps(STATUS))
        case "/huge":
            return Answer('{"a": 1' + "0" * 400 + ', "b": 1e999}')
        case _:
            return Answer("who are you, s3cret-token?", 401)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(status) as running:
        yield running


async def asked(server: Server, path: str, *gauges: Mapping[str, object]) -> tuple[tuple[Probe, ...], str]:
    """What a source of gauges says, and the gaps."""
    source = {"kind": "http", "service": "mailer", "url": server.url, "path": path, "gauges": gauges}
    backends = Backends.model_validate({"health": [source]})
    health = LiveHealth(backends.health, MAILER, Secrets({}), CLOCK)
    with collect_gaps() as gaps:
        found = await health.probe()
    await health.aclose()
    return found, "; ".join(gaps)


async def test_ten_lines_of_the_configuration_are_a_probe_with_its_figures(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("site") / "nexus.yaml"
    file.write_text(TEN_LINES.replace("URL", server.url))
    site = load_site(file)
    secrets = Secrets({"MAILER_TOKEN": "s3cret-token"})
    health = LiveHealth(site.backends.health, site.catalogue, secrets, CLOCK)
    (probe,) = await health.probe()
    await health.aclose()
    assert not probe.healthy
    assert probe.target == "GET /status"
    assert probe.said == "mails that wait 1543 (above 1000); free space 4 % (below 10 %); oldest mail 12.5 s"
    assert [(one.name, one.value, one.unit) for one in probe.figures] == [
        ("mails that wait", 1543, ""), ("oldest mail", 12.5, "seconds"), ("free space", 0.04, "ratio"),
    ]  # fmt: skip
    *_, checked = await check_backends(site.backends, site.catalogue, secrets, CLOCK)
    assert (checked.part, checked.answers) == ("mailer GET /status", False)


async def test_without_a_limit_a_number_is_only_told(server: Server) -> None:
    (probe,), gaps = await asked(server, "/open", {"name": "queues", "find": "length(queues)"})
    assert (probe.healthy, probe.said, gaps) == (True, "queues 2", "")


@pytest.mark.parametrize(
    ("find", "why"),
    [
        ("nowhere", "finds nothing in the answer, which is not 0"),
        ("nothing", "finds nothing in the answer, which is not 0"),
        ("busy", "finds true or false"),
        ("version", "finds a text; write `to_number(…)` around it"),
        ("queues[].waiting", "finds a list of 2; write `[0]`, `length(…)` or `sum(…)`"),
        ("oldest", "finds an object; name the key"),
        ("sum(oldest)", "`find`: sum(oldest)"),
        ("queues[?name > `3`]", "compares a text with a number"),
    ],
)
async def test_what_is_no_number_is_a_gap_that_names_the_gauge_and_what_to_write(
    server: Server, find: str, why: str
) -> None:
    fine = {"name": "queues", "find": "length(queues)"}
    (probe,), gaps = await asked(server, "/open", {"name": "odd one", "find": find}, fine)
    assert [one.name for one in probe.figures] == ["queues"]
    assert "gauge 'odd one' of mailer: " in gaps
    assert why in gaps


@pytest.mark.parametrize("find", ["a", "b"])
async def test_a_number_without_end_is_none(server: Server, find: str) -> None:
    found, gaps = await asked(server, "/huge", {"name": "one", "find": find})
    assert (found, "not finite" in gaps) == ((), True)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/large", "more than 1 MB"),
        ("/page", "HTML where JSON was expected"),
        ("/status", "refused the credentials"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_a_gap_and_no_unhealthy_part(
    server: Server, path: str, why: str
) -> None:
    found, gaps = await asked(server, path, {"name": "one", "find": "one"})
    assert (found, why in gaps) == ((), True)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"find": "queues[?"}, "health.0.http.gauges.0.find"),
        ({"find": "a", "above": float("nan")}, "health.0.http.gauges.0.above"),
        ({"find": "a", "uint": "s"}, "health.0.http.gauges.0.uint"),
    ],
)
def test_a_mistake_is_named_with_its_place(wrong: dict[str, object], place: str) -> None:
    source = {"kind": "http", "service": "mailer", "url": "http://mailer", "gauges": [{"name": "a", **wrong}]}
    with pytest.raises(ValidationError) as error:
        Backends.model_validate({"health": [source]})
    assert place in ".".join(str(part) for one in error.value.errors() for part in one["loc"])


def test_a_path_that_is_none_is_told_with_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "nexus.yaml"
    file.write_text(TEN_LINES.replace("URL", "http://mailer").replace("/status?full=1", "status"))
    with pytest.raises(
        SettingsError, match=r"health\[0\].*path: 'status': write a path that begins with / and"
    ):
        load_site(file)


def test_a_gauge_stands_once_and_its_service_is_one_of_the_catalogue() -> None:
    twice = yaml.safe_load(TEN_LINES.replace("URL", "http://mailer"))
    twice["backends"]["health"][0]["gauges"].append({"name": "free space", "find": "free"})
    with pytest.raises(ValidationError, match="'free space' stands twice"):
        Site.model_validate(twice)
    stranger = yaml.safe_load(TEN_LINES.replace("URL", "http://mailer"))
    stranger["backends"]["health"][0]["service"] = "mailler"
    with pytest.raises(ValidationError, match=r"backends.health\[0\].service"):
        Site.model_validate(stranger)


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, st.none() | numbers, st.none() | numbers)
def test_a_limit_is_broken_exactly_beyond_it(value: float, above: float | None, below: float | None) -> None:
    gauge = Gauge(name="a", find="a", above=above, below=below)
    beyond = (above is not None and value > above) or (below is not None and value < below)
    assert bool(broken_limit(gauge, value)) is beyond

"""Whatever a backend does: a sentence, never a traceback, never a credential; what did answer is used."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.cases import END, QUIET_END, case_world, sources_of
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tests.tools.live.ports import ADAPTERS, Port
from tools.clock import VirtualClock
from tools.live.http import LARGEST
from tools.live.logs import live_logs
from tools.live.metrics import live_metrics
from tools.live.secrets import Secrets
from tools.live.settings import Jaeger, Loki, Prometheus
from tools.live.traces import live_traces
from tools.telemetry.data_gaps import collect_gaps
from tools.telemetry.observe import observe

WINDOW = Window(start=QUIET_END, end=END)
NAMES = ("web", "checkout", "catalogue", "payment", "orders-db")
TOKEN = "tok-6f1c9e2ab8d7"
AUTH = {"auth": {"bearer": "env:TOKEN"}}
SECRETS = Secrets({"TOKEN": TOKEN, "BROKEN": "line\nbreak-6f1c9e2a"})


@pytest.fixture(params=sorted(ADAPTERS), scope="module")
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def frame(adapter: str, shop: Path) -> pl.DataFrame:
    """The last part of the case, what its channel holds."""
    whole = pl.read_parquet(shop / "telemetry" / f"{ADAPTERS[adapter].channel}.parquet")
    return whole.filter(pl.col("time") >= END - timedelta(seconds=40))


def port_of(adapter: str, url: str, frame: pl.DataFrame, seconds: float = PATIENCE, **more: object) -> Port:
    settings = {"timeout": timedelta(seconds=seconds), **AUTH, **more}
    return ADAPTERS[adapter].port(url, NAMES, VirtualClock(END), SECRETS, frame=frame, **settings)


async def failure(port: Port) -> str:
    """The one sentence that a question and a check end in."""
    try:
        with pytest.raises(ToolFailed) as asked:
            await port.ask(WINDOW, ())
        with pytest.raises(ToolFailed) as checked:
            await port.check()
    finally:
        await port.aclose()
    for error in (asked.value, checked.value):
        assert TOKEN not in str(error)
        assert "\n" not in str(error)
    return str(asked.value)


def stuck(at: threading.Event) -> Handler:
    return lambda _: Answer("{}", wait=at)


Bad = dict[str, tuple[Handler, str]]

#: Every adapter is put before these.
BAD: Bad = {
    "wrong credentials": (
        lambda asked: told({"error": f"no: {asked.headers['Authorization']}"}, 401),
        "refused the credentials (401); check `auth`",
    ),
    "a login page": (lambda _: Answer("\n<html>sign in</html>"), "answered HTML where JSON was expected"),
    "half an answer": (lambda _: Answer('{"data": {"result": ['), "answered no JSON"),
    "another form": (lambda _: told({"data": 7, "hits": [], "traces": 7}), ""),
}
#: The client below them makes one sentence of these for all.
WORSE: Bad = {
    "not allowed": (lambda _: Answer("no", 403), "refused the credentials (403)"),
    "sent elsewhere": (lambda _: Answer("", 302, {"Location": "/login"}), "sends elsewhere; check the URL"),
    "nothing": (lambda _: Answer(""), "answered no JSON"),
    "a list": (lambda _: told([1, 2]), ""),
    "nested without end": (lambda _: Answer("[" * 100_000), "answered no JSON"),
    "an error page": (
        lambda asked: Answer(f"boom {asked.headers['Authorization']}", 500),
        "answered 500: boom",
    ),
    "gone": (lambda _: Answer("<h1>404</h1>", 404), ""),
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_backend_that_answers_badly_is_a_sentence(
    adapter: str, frame: pl.DataFrame, bad: str
) -> None:
    handler, said = BAD[bad]
    with serving(handler) as server:
        sentence = await failure(port_of(adapter, server.url, frame))
        assert said in sentence
        assert server.url in sentence or "journal" in sentence


@pytest.mark.parametrize(
    ("adapter", "body"),
    [
        ("prometheus", {"errorType": "execution", "error": "{}"}),
        ("elasticsearch", {"error": {"reason": "{}"}}),
    ],
)
async def test_a_refusal_that_repeats_the_credential_is_quoted_without_it(
    shop: Path, adapter: str, body: dict[str, object]
) -> None:
    whole = pl.read_parquet(shop / "telemetry" / f"{ADAPTERS[adapter].channel}.parquet")

    def handle(asked: Asked) -> Answer:
        return Answer(json.dumps(body).replace("{}", f"no {asked.headers['Authorization']}"), 400)

    with serving(handle) as server:
        assert "<credential>" in await failure(port_of(adapter, server.url, whole))


async def test_a_password_is_not_shown_in_any_form(shop: Path) -> None:
    whole = pl.read_parquet(shop / "telemetry" / "logs.parquet")
    with serving(lambda asked: Answer(f"{TOKEN} {asked.headers['Authorization']}", 400)) as server:
        auth = {"user": "nexus", "password": "env:TOKEN"}
        sentence = await failure(port_of("loki", server.url, whole, auth=auth))
    assert sentence.endswith("answered 400: <credential> Basic <credential>")


@pytest.mark.parametrize("bad", WORSE)
async def test_whatever_a_server_answers_is_a_sentence(shop: Path, bad: str) -> None:
    handler, said = WORSE[bad]
    lines = pl.read_parquet(shop / "telemetry" / "logs.parquet")
    with serving(handler) as server:
        sentence = await failure(port_of("loki", server.url, lines))
        assert said in sentence
        assert f"Loki at {server.url}" in sentence


async def test_a_backend_that_is_down(adapter: str, frame: pl.DataFrame) -> None:
    with serving(lambda _: told({})) as server:
        pass
    assert f"at {server.url} cannot be reached" in await failure(port_of(adapter, server.url, frame))


async def test_a_backend_that_is_slow_is_not_waited_for(adapter: str, frame: pl.DataFrame) -> None:
    at = threading.Event()
    with serving(stuck(at)) as server:
        began = time.monotonic()
        sentence = await failure(port_of(adapter, server.url, frame, seconds=0.1))
        took = time.monotonic() - began
        at.set()
    assert f"at {server.url} did not answer within 0.1 s" in sentence
    # Asked twice (the question and the check), nothing is tried again, no series waits for the others.
    assert took < 10


async def test_an_answer_without_end_is_not_read_to_its_end(adapter: str, frame: pl.DataFrame) -> None:
    block = b"[" + b" " * 999_999
    with serving(lambda _: Answer(block, repeat=50)) as server:
        port = port_of(adapter, server.url, frame)
        with pytest.raises(ToolFailed, match=f"answered more than {LARGEST // 1_000_000} MB"):
            await port.ask(WINDOW, ())
        await port.aclose()


async def test_a_secret_that_no_header_can_carry_is_not_shown(adapter: str, frame: pl.DataFrame) -> None:
    port = port_of(adapter, "http://127.0.0.1:9", frame, auth={"bearer": "env:BROKEN"})
    with pytest.raises(ToolFailed, match="env:BROKEN holds a line break") as caught:
        await port.ask(WINDOW, ())
    assert "6f1c9e2a" not in str(caught.value)


async def test_a_secret_that_is_not_there_is_named(adapter: str, frame: pl.DataFrame) -> None:
    port = port_of(adapter, "http://127.0.0.1:9", frame, auth={"bearer": "env:MISSING"})
    with pytest.raises(ToolFailed, match="MISSING is not set"):
        await port.ask(WINDOW, ())


async def test_a_clock_an_hour_off_is_a_gap(adapter: str, frame: pl.DataFrame) -> None:
    handler = ADAPTERS[adapter].handler(frame)
    with serving(lambda asked: replace(handler(asked), date=time.time() + 3600)) as server:
        port = port_of(adapter, server.url, frame)
        with collect_gaps() as gaps:
            assert (await port.ask(WINDOW, ())).height > 0
        await port.aclose()
    assert any(f"at {server.url} is 60 min ahead of this machine's" in gap for gap in gaps)


async def test_rows_from_the_future_are_a_gap_and_are_not_shown(adapter: str, frame: pl.DataFrame) -> None:
    if ADAPTERS[adapter].channel == "metrics":
        pytest.skip("Prometheus stamps samples itself: its own clock tells")
    ahead = frame.with_columns(pl.col("time") + timedelta(minutes=30))
    with serving(ADAPTERS[adapter].handler(ahead)) as server:
        port = port_of(adapter, server.url, frame)
        with collect_gaps() as gaps:
            shown = await port.ask(WINDOW, ())
        await port.aclose()
    assert shown.filter(pl.col("time") > END).height == 0
    assert any("min in the future and are not shown; a clock is off" in gap for gap in gaps)


async def test_services_that_nobody_knows_are_a_gap(adapter: str, frame: pl.DataFrame) -> None:
    if adapter == "journal":
        pytest.skip("the journal is asked for the units of the catalogue alone")
    strangers = frame.with_columns(service=pl.lit("stranger"))
    with serving(ADAPTERS[adapter].handler(strangers)) as server:
        port = port_of(adapter, server.url, frame)
        with collect_gaps() as gaps:
            shown = await port.ask(WINDOW, ())
        await port.aclose()
    assert shown.height == 0
    assert any("name no service of the catalogue; they name stranger" in gap for gap in gaps)


async def test_a_backend_that_recovers_is_asked_again(adapter: str, frame: pl.DataFrame) -> None:
    handler = ADAPTERS[adapter].handler(frame)
    failed: list[Asked] = []

    def flaky(asked: Asked) -> Answer:
        if not failed:
            failed.append(asked)
            return Answer("starting", 503)
        return handler(asked)

    with serving(flaky) as server:
        port = port_of(adapter, server.url, frame)
        with collect_gaps() as gaps:
            assert (await port.ask(WINDOW, ())).height > 0
        await port.aclose()
    assert not [gap for gap in gaps if "the last 30 s yet" not in gap]


@pytest.fixture
def two(shop: Path) -> Iterator[Callable[[Handler, Handler], tuple[str, str]]]:
    """Starts two backends."""
    with ExitStack() as stack:

        def start(one: Handler, other: Handler) -> tuple[str, str]:
            return stack.enter_context(serving(one)).url, stack.enter_context(serving(other)).url

        yield start


async def test_what_a_backend_lacks_reaches_the_findings(
    shop: Path, ledger: Path, two: Callable[[Handler, Handler], tuple[str, str]]
) -> None:
    """The incident goes on with what there is; each gap stands where roles read it."""
    world, clock = case_world(shop, ledger, END)
    samples = pl.read_parquet(shop / "telemetry" / "metrics.parquet")
    lines = pl.read_parquet(shop / "telemetry" / "logs.parquet")
    fine = ADAPTERS["prometheus"].handler(samples)
    metrics_url, logs_url = two(
        lambda asked: (
            fine(asked)
            if asked.one("query") != "cpu"
            else told({"errorType": "execution", "error": "x"}, 422)
        ),
        ADAPTERS["loki"].handler(lines),
    )
    series = [{"metric": name, "query": name} for name in ("error_ratio", "cpu", "memory")]
    spec = Prometheus.model_validate({"kind": "prometheus", "url": metrics_url, "series": series})
    broken = Loki.model_validate({"kind": "loki", "url": "http://127.0.0.1:9"})
    metrics = live_metrics(spec, NAMES, SECRETS, clock)
    logs = live_logs([Loki.model_validate({"kind": "loki", "url": logs_url}), broken], NAMES, SECRETS, clock)
    live = replace(world, metrics=metrics, logs=logs)
    seen = await observe(sources_of(live, clock))
    await metrics.aclose()
    await logs.aclose()
    assert seen.telemetry.metrics.height > 0
    assert seen.telemetry.logs.height > 0
    assert not seen.failed
    gaps = "\n".join(seen.gaps)
    assert f"cpu: Prometheus at {metrics_url} refuses the query (422 execution): x" in gaps
    assert f"Prometheus at {metrics_url} has no data of memory" in gaps
    assert "Loki at http://127.0.0.1:9 (2): Loki at http://127.0.0.1:9 cannot be reached" in gaps


async def test_all_backends_down_is_a_failed_channel(shop: Path, ledger: Path) -> None:
    world, clock = case_world(shop, ledger, END)
    spec = {"url": "http://127.0.0.1:9"}
    live = replace(
        world,
        metrics=live_metrics(
            Prometheus.model_validate({"kind": "prometheus", "conventions": ["up", "otel-http"], **spec}),
            NAMES, SECRETS, clock,
        ),
        logs=live_logs([Loki.model_validate({"kind": "loki", **spec})] * 2, NAMES, SECRETS, clock),
        traces=live_traces(Jaeger.model_validate({"kind": "jaeger", **spec}), NAMES, SECRETS, clock),
    )  # fmt: skip
    seen = await observe(sources_of(live, clock))
    assert set(seen.failed) == {"metrics", "logs", "traces"}
    assert all("cannot be reached" in why for why in seen.failed.values())

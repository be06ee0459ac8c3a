"""Verbs of a live world: serve, init."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import NexusError, UsageError
from nexus.cli.base import Engine, complain, environment, home, log_to_stderr, mode_of, out, say, settings
from nexus.cli.parser import Option, Verbs

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from nexus.config.site import Site
    from nexus.home import Home
    from nexus.runtime.worker import Worker
    from nexus.service.intake import AlertIntake
    from nexus.service.metrics import ServerMetrics

Config = Annotated[Path | None, Option("--config", help="The configuration; default: nexus.yaml here.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"serve": serve, "worker": worker, "init": init}


def init(
    prometheus: Annotated[str | None, Option("--prometheus", help="Its address, http://HOST:PORT.")] = None,
    path: Annotated[Path, Option("--out", help="The file to write.")] = Path("nexus.yaml"),
    bearer: Annotated[str | None, Option("--bearer", help="Its token: env:NAME or file:/PATH.")] = None,
    force: Annotated[bool, Option("--force", help="Replace the file if it is there.")] = False,
    logs: Annotated[
        str | None,
        Option("--logs", help="Where logs are: Loki, Elasticsearch, OpenSearch, VictoriaLogs, the journal."),
    ] = None,
    traces: Annotated[
        str | None, Option("--traces", help="Where traces are: Tempo, Jaeger, VictoriaTraces.")
    ] = None,
    grafana: Annotated[
        str | None, Option("--grafana", help="Instead of all three: a Grafana that passes questions on.")
    ] = None,
) -> None:
    """Write a first nexus.yaml from what a Prometheus scrapes, and say what could not be found.

    Where the environment names a region and an account of AWS, CloudWatch is looked at too; without a
    Prometheus it alone.
    """
    from nexus.config.amazon_discovery import amazon_of
    from nexus.config.site_discovery import Doors, first_site, first_site_of_amazon, keep, through_grafana
    from tools.live.secrets import Secrets

    secrets = Secrets(environment())
    aws = amazon_of(environment())
    alone = aws if (prometheus, grafana, logs) == (None, None, None) else None
    if alone is None and ((prometheus is None) == (grafana is None) or (grafana and (logs or traces))):
        raise UsageError(
            "name --prometheus, with --logs and --traces where there are, or --grafana alone; or none of "
            "them, with AWS_REGION and an account of AWS in the environment"
        )
    if grafana is not None:
        doors, listed = asyncio.run(through_grafana(grafana, bearer, secrets))
        for one in listed:
            out().print(f"Grafana has {one}", markup=False)
    else:
        doors = Doors(prometheus=prometheus or "", logs=logs, traces=traces)
    made = asyncio.run(
        first_site_of_amazon(alone, secrets, traces)
        if alone is not None
        else first_site(
            doors.prometheus, bearer, secrets, doors.logs, doors.traces, aws, same_token=doors.same_token
        )
    )
    keep(path, made.text, replace=force)
    console = out()
    console.print(f"{path}: {len(made.services)} services ({', '.join(made.services[:12])})", markup=False)
    for one in made.said:
        console.print(one, markup=False)
    for one in made.not_found:
        console.print(f"Not found: {one}", markup=False, style="yellow")
    console.print("Next: say what depends on what in it, then `nexus doctor`.", markup=False)


def serve(
    config: Config = None,
    host: Annotated[str, Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, Option("--port", min=0, max=65535, help="0: any that is free.")] = 8477,
    engine: Engine = None,
    no_migrate: Annotated[
        bool,
        Option("--no-migrate", help="Leave the tables of a database to `nexus migrate`."),
    ] = False,
    no_worker: Annotated[
        bool,
        Option("--no-worker", help="Doors alone: incidents are driven by `nexus worker`."),
    ] = False,
    demo: Annotated[
        bool,
        Option("--demo", help="To try: a small shop that breaks, and its war room in your browser."),
    ] = False,
) -> None:
    """Receive alerts over HTTP and run an incident for each; people look and decide with a browser."""
    log_to_stderr()
    mode = mode_of(engine)
    if demo:
        from nexus.cli.trial import serve_demo

        if config is not None or no_migrate or no_worker:
            raise UsageError(
                "--demo brings a system of its own: leave out --config and what begins with --no-"
            )
        serve_demo(host, port, mode)
        return
    if no_worker and not no_migrate:  # hands make the tables of checkpoints where they start; doors have none
        from nexus.config.database import database_of
        from nexus.runtime.migration import migrate

        asyncio.run(migrate(settings(), database_of(settings(), environment(), config)))
    with home(create=True, config=config, migrate=not no_migrate) as opened:
        path, site = site_of(config)
        if not site.people:
            complain("nexus.yaml names no people: anyone who gives a name may approve")
        asyncio.run(_serve(opened, site, path, mode, host, port, drives=not no_worker))


def worker(
    config: Config = None,
    host: Annotated[str, Option("--host", help="Where its health is told.")] = "127.0.0.1",
    port: Annotated[int, Option("--port", min=0, max=65535, help="0: any that is free.")] = 8478,
    engine: Engine = None,
) -> None:
    """Drive the incidents of a store that several processes share; alerts are taken by `nexus serve`."""
    log_to_stderr()
    mode = mode_of(engine)
    with home(create=True, config=config, migrate=False) as opened:
        path, site = site_of(config)
        asyncio.run(_work(opened, site, path, mode, host, port))


def site_of(config: Path | None) -> tuple[Path, "Site"]:
    """The configuration's absolute path and what it says.

    Raises:
        SettingsError: it cannot be read, breaks a rule, or needs what is not installed.
        RunbookError: a team's own runbook breaks a rule.
    """
    from nexus.config.tracing import switch_on

    path = (config or settings().config).resolve()
    site = read_site(path)
    switch_on(settings())
    return path, site


def read_site(path: Path) -> "Site":
    """What a configuration says; raises as `site_of`."""
    from nexus.config.runbook import roster_of, runbook_of
    from nexus.config.site import load_site

    site = load_site(path)
    runbook_of(settings())
    site.need_roles(role.slug for role in roster_of(settings()).roles)
    site.need_extras()
    return site


def intake_of(opened: "Home", site: "Site", path: Path, mode: str) -> "AlertIntake":
    """The intake of a live world."""
    from nexus.service.intake import AlertIntake

    return AlertIntake(home=opened, site=site, path=path, mode=mode, clock=opened.clock)


def hands_of(
    opened: "Home",
    site: "Site",
    path: Path,
    mode: str,
    *,
    quiet: bool,
    only: frozenset[str] | None = None,
    metrics: "ServerMetrics | None" = None,
) -> "AbstractAsyncContextManager[Worker]":
    """What drives the incidents of a live world; `quiet`: its timeline is not printed."""
    from dataclasses import replace

    from nexus.cli.terminal.timeline import show_entry
    from nexus.runtime.announcer import RunListeners
    from nexus.runtime.engines import engine_of
    from nexus.runtime.wiring import worker as hands

    listeners = RunListeners(
        entry=lambda entry: None if quiet else show_entry(out(), entry),
        message=lambda message: None,
    )
    if metrics is not None:
        listeners = replace(listeners, began=metrics.began, saved=metrics.saved)
    return hands(opened, site, path, lambda: engine_of(settings(), mode_of(mode)), listeners, only)


async def _serve(
    opened: "Home", site: "Site", path: Path, mode: str, host: str, port: int, *, drives: bool
) -> None:
    from nexus.server.app import web
    from nexus.server.limits import HttpLimits, server_of
    from nexus.server.listening import hang_ups, is_of_this_machine, listen, url_of
    from nexus.server.metrics import MetricsDoor
    from nexus.server.reloading import Doors, SiteReload
    from nexus.server.senders import SenderDoor
    from nexus.service.identity import People
    from nexus.service.logins import Logins
    from nexus.service.metrics import ServerMetrics
    from tools.live.amazon_pages import LiveAmazonPages

    token = opened.secrets(site.intake.token) if site.intake.token else None
    if token is None and not site.intake.proves_senders and not is_of_this_machine(host):
        raise UsageError("Listening beyond this machine needs a token: set intake.token in nexus.yaml")
    door = SenderDoor(site.intake.senders, token, opened.secrets, LiveAmazonPages())
    people = People.checked(site, opened.secrets)
    intake = intake_of(opened, site, path, mode)

    metrics = ServerMetrics.of(site)
    intake.listener = metrics

    def hands() -> "AbstractAsyncContextManager[Worker]":
        return hands_of(opened, site, path, mode, quiet=False, metrics=metrics)

    limits = HttpLimits()
    scraped = MetricsDoor.of(metrics, site, opened.secrets)
    app = web(intake, hands if drives else None, door, people, limits, scraped)
    server = server_of(app, limits, app.state.streams.end)
    come_in = Doors(door, app.state.authenticator, is_of_this_machine(host))
    again = SiteReload(intake, metrics, lambda: read_site(path), complain, come_in).again
    with hang_ups(server, again), listen(host, port) as sock:
        say(f"Nexus takes alerts at {url_of(sock)}/alerts")
        how = f"engine {mode}" if drives else "doors alone: `nexus worker` drives"
        say(f"{len(site.services)} services, {how}; Ctrl-C stops it.")
        logins = Logins(opened.store, opened.clock)
        if await logins.nobody_can_log_in(people):
            first = f"{site.server.public_url or url_of(sock)}/setup/{await logins.link_for(None)}"
            say(f"Nobody can log in yet. Set the first password within a day: {first}")
        await server.serve([sock])
    if server.lifespan.should_exit:
        raise NexusError("the server did not start; what stands above says why")


async def _work(opened: "Home", site: "Site", path: Path, mode: str, host: str, port: int) -> None:
    from nexus.server.limits import HttpLimits, server_of
    from nexus.server.listening import hang_ups, listen, url_of
    from nexus.server.metrics import MetricsDoor
    from nexus.server.reloading import SiteReload
    from nexus.server.work import work
    from nexus.service.metrics import ServerMetrics

    intake = intake_of(opened, site, path, mode)
    metrics = ServerMetrics.of(site)
    intake.listener = metrics

    def hands() -> "AbstractAsyncContextManager[Worker]":
        return hands_of(opened, site, path, mode, quiet=False, metrics=metrics)

    app = work(intake, hands, MetricsDoor.of(metrics, site, opened.secrets))
    again = SiteReload(intake, metrics, lambda: read_site(path), complain).again
    server = server_of(app, HttpLimits())
    with hang_ups(server, again), listen(host, port) as sock:
        say(f"Nexus works; its health is told at {url_of(sock)}/healthz")
        say(f"{site.worker.at_once} hands for site {site.site}, engine {mode}; Ctrl-C stops it.")
        await server.serve([sock])
    if server.lifespan.should_exit:
        raise NexusError("the worker did not start; what stands above says why")

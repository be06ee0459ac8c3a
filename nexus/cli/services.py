"""Verbs about the services of nexus.yaml: which there are, and what else alerts call them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nexus.cli.base import Json, out, settings, write_json

if TYPE_CHECKING:
    from incidents.catalogue import Service

Config = Annotated[Path | None, typer.Option("--config", help="The configuration; default: nexus.yaml here.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    services = typer.Typer(help="The services of nexus.yaml, and the names by which alerts find them.")
    services.callback(invoke_without_command=True)(list_services)
    services.command("alias")(alias)
    app.add_typer(services, name="services")


def list_services(
    context: typer.Context,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the services with every name by which an alert finds them."""
    if context.invoked_subcommand is not None:
        return
    from nexus.config.service_aliases import ServiceNames, aliases_beside, load_aliases
    from nexus.config.site import load_site

    path = (config or settings().config).resolve()
    site, confirmed = load_site(path), load_aliases(aliases_beside(path))
    if as_json:
        write_json(ServiceNames(services=site.services, confirmed=confirmed))
        return
    for service in site.services:
        names = [
            *_names(service),
            *(f"{one.name} (by {one.by})" for one in confirmed if one.service == service.name),
        ]
        where = f" in {', '.join(service.namespaces)}" if service.namespaces else ""
        also = f": also {', '.join(names)}" if names else ""
        out().print(f"{service.name}{where}{also}", markup=False, soft_wrap=True)


def alias(
    name: Annotated[str, typer.Argument(help="What alerts call it, as the incident shows it.")],
    service: Annotated[str, typer.Option("--is", help="The service of nexus.yaml that is meant.")],
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
    config: Config = None,
) -> None:
    """Say once which service a name means; it counts for the next alerts, and for those that wait."""
    from nexus.config.service_aliases import ConfirmedAlias, aliases_beside, confirm_alias
    from nexus.config.site import load_site
    from tools.clock import WallClock

    path = (config or settings().config).resolve()
    said = ConfirmedAlias(name=name, service=service, by=by, at=WallClock().now())
    replaced = confirm_alias(aliases_beside(path), said, load_site(path).catalogue.names)
    instead = f", no longer {replaced.service}" if replaced and replaced.service != service else ""
    out().print(
        f"{name} is {service} from the next alert on{instead}; a running server matches what waits again.",
        markup=False,
    )


def _names(service: "Service") -> list[str]:
    ports = [f":{port}" for port in service.ports]
    labels = [f"{one.label}={value}" for one in service.labels for value in one.values]
    return [*service.aliases, *service.workloads, *service.otel, *service.hosts, *ports, *labels]

"""Verbs about the services of nexus.yaml: which there are, and what else alerts call them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import Json, environment, say, settings, write_json
from nexus.cli.commands import By
from nexus.cli.parser import Argument, Group, Option, Verbs

if TYPE_CHECKING:
    from incidents.catalogue import Service

Config = Annotated[Path | None, Option("--config", help="The configuration; default: nexus.yaml here.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "The services of nexus.yaml, and the names by which alerts find them."
    return {"services": Group(says, {"alias": alias}, alone=list_services)}


def list_services(
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the services with every name by which an alert finds them."""
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
        say(f"{service.name}{where}{also}")


def alias(
    name: Annotated[str, Argument(help="What alerts call it, as the incident shows it.")],
    service: Annotated[str, Option("--is", help="The service of nexus.yaml that is meant.")],
    by: By = None,
    config: Config = None,
) -> None:
    """Say once which service a name means; it counts for the next alerts, and for those that wait."""
    from incidents.access import Permission
    from nexus.cli.signing import one_of
    from nexus.config.service_aliases import ConfirmedAlias, aliases_beside, confirm_alias
    from nexus.config.site import load_site
    from nexus.service.identity import People
    from tools.clock import WallClock
    from tools.live.secrets import Secrets

    path = (config or settings().config).resolve()
    site = load_site(path)
    actor = one_of(People.of(site, Secrets(environment())) or None, by)
    site.policy.require(actor, Permission.RESPOND)
    said = ConfirmedAlias(name=name, service=service, by=actor.name, at=WallClock().now())
    replaced = confirm_alias(aliases_beside(path), said, site.catalogue.names)
    instead = f", no longer {replaced.service}" if replaced and replaced.service != service else ""
    say(f"{name} is {service} from the next alert on{instead}; a running server matches what waits again.")


def _names(service: "Service") -> list[str]:
    ports = [f":{port}" for port in service.ports]
    labels = [f"{one.label}={value}" for one in service.labels for value in one.values]
    return [*service.aliases, *service.workloads, *service.otel, *service.hosts, *ports, *labels]

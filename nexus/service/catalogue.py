"""What anyone may look at of the services of `nexus.yaml`."""

from pathlib import Path

from nexus.config.service_aliases import ServiceNames, aliases_beside, load_aliases
from nexus.config.site import Site
from tools.redaction.tree import redact_value


def service_names(site: Site, path: Path) -> ServiceNames:
    """The services with every name by which an alert finds them; no secret stands in an address.

    Raises:
        SettingsError: the confirmed names cannot be read.
    """
    return redact_value(ServiceNames(services=site.services, confirmed=load_aliases(aliases_beside(path))))

"""A query, narrowed to some services: of a large system only what is looked at is sent and read.

PromQL cannot pick among the results of a query by a pattern, so those that fit it are marked with a label,
and what is not marked is left out. Any query that can be asked for can be narrowed.
"""

import re
from collections.abc import Iterable

#: Marks the series that were meant.
_MARK = "nexus_asked"


def narrowed(query: str, label: str, services: Iterable[str]) -> str:
    """The same query, with only the series whose label says one of the services, in any way that is read.

    Args:
        query: in PromQL.
        label: of its results, the one that names the service.
        services: names of the catalogue; at least one.
    """
    names = "|".join(re.escape(name) for name in sorted(services))
    # As `tools.live.service_names` reads what is said: as it is, behind a namespace, as a host with its port.
    said = f"(?i)(?:.*/)?(?:{names})(?:[.:].*)?".replace("\\", "\\\\").replace('"', '\\"')
    marked = f'label_replace({query}, "{_MARK}", "1", "{label}", "{said}")'
    return f'{marked} and on ({_MARK}) label_replace(vector(1), "{_MARK}", "1", "", "")'

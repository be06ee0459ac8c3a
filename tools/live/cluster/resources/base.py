"""The base of an object's parts: fields have the API's names in snake case."""

import re

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from tools.live.cluster.objects import Part

_QUANTITY = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)")
_UNITS = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}


class Fields(Part):
    """A part whose fields are called as the API calls them: `node_name` is `nodeName`."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


Amount = int | float | str


def amount(said: Amount) -> float | None:
    """A quantity of Kubernetes as a number: `500m` is 0.5, `1Ki` 1024; None where it is none."""
    found = _QUANTITY.fullmatch(str(said).strip())
    unit = (_UNITS | _BINARY).get(found[2]) if found else None
    try:
        return float(found[1]) * unit if found and unit is not None else None
    except ValueError:
        return None

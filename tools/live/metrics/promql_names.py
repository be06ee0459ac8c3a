"""Names of metrics and labels in a query and in an address: Prometheus 3 allows any UTF-8, quoted."""

import re

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def in_query(label: str) -> str:
    """A label as PromQL reads it: `pod`, `"service.name"`."""
    return label if _LABEL.fullmatch(label) else _quoted(label)


def selector(metric: str) -> str:
    """What selects a metric: `up`, `{"http.server.request.duration"}`."""
    return metric if _METRIC.fullmatch(metric) else "{" + _quoted(metric) + "}"


def in_path(label: str) -> str:
    """A label in an address: as it is, or escaped as Prometheus 3 reads it (`U__service_2e_name`)."""
    if _LABEL.fullmatch(label):
        return label
    parts = (
        "__" if one == "_" else one if one.isascii() and one.isalnum() else f"_{ord(one):x}_" for one in label
    )
    return "U__" + "".join(parts)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

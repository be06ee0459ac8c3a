"""What a part of the system says when it is asked directly."""

from incidents.cluster import Finding
from incidents.value import Moment, Value


class Figure(Value):
    """One number that a part told, with its unit (empty: a count)."""

    name: str
    value: float
    unit: str = ""


class Probe(Value):
    """One question to one part: an endpoint, a database, a vendor's status page.

    Attributes:
        service: whose part it is.
        target: what was asked, such as `GET /health`.
        healthy: whether the answer is that of a healthy part.
        said: the answer in a sentence; untrusted text in it is redacted and short.
        milliseconds: how long it took.
        figures: numbers that it told.
        findings: what a cluster's own objects show to be wrong with it.
    """

    service: str
    target: str
    at: Moment
    healthy: bool
    said: str
    milliseconds: float
    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = ()

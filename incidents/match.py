"""How an alert's service was found, or why it was not."""

from incidents.value import Value

UNKNOWN = "unknown"


class Match(Value):
    """What an alert is about. `service` is of the catalogue or None.

    Attributes:
        place: the host, zone or cluster that it is about where no single service is: `host db-3`.
        services: what stands on that place, as far as the backends know.
        rule: the name of the rule that decided.
        sentence: the same in words, for people.
        named: how the alert calls what the catalogue does not know; a person may say once what it is.
    """

    service: str | None = None
    place: str = ""
    services: tuple[str, ...] = ()
    rule: str = UNKNOWN
    sentence: str = ""
    named: str = ""

    @property
    def unknown(self) -> bool:
        """Whether nobody knows yet what it is about."""
        return self.service is None and self.rule == UNKNOWN

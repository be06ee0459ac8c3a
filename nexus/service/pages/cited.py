"""Evidence as a sentence cites it: a link with words, the evidence itself one click away. Pure."""

from collections.abc import Iterable, Mapping

from incidents.findings import Evidence, EvidenceStatus
from incidents.value import Moment, Value
from nexus.sanitize import role_name
from tools.called import first_line, label


class Cited(Value):
    """A link to an evidence: its id, how a sentence calls it, who asked when, what came back in a line."""

    id: str
    label: str
    tool: str
    role: str
    at: Moment | None = None
    status: EvidenceStatus = EvidenceStatus.OK
    answer: str = ""


def cited(ids: Iterable[str], known: Mapping[str, Evidence]) -> tuple[Cited, ...]:
    """The links of a sentence, each once; of an id that is not known only the id is told."""
    return tuple(
        link(known[one]) if one in known else Cited(id=one, label=one, tool="", role="")
        for one in dict.fromkeys(ids)
    )


def link(evidence: Evidence) -> Cited:
    """The link to one evidence."""
    return Cited(
        id=evidence.id,
        label=label(evidence),
        tool=evidence.tool,
        role=role_name(evidence.role),
        at=evidence.at,
        status=evidence.status,
        answer=first_line(evidence),
    )

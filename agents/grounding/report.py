"""Goes through a report: each sentence against what it cites, the others against all that is known. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from agents.grounding.exists import Grounds, Removals, existing
from agents.grounding.quotes import Text, missing
from incidents.findings import Claim, Confidence, Hypothesis
from incidents.reports import CheckResult, CheckState, ProposedAction, Report, Why
from incidents.value import Value

T = TypeVar("T", bound=Value)

#: The sentence of each value that cites evidence.
_SAYS: dict[type[Value], str] = {
    Claim: "text",
    Hypothesis: "summary",
    CheckResult: "finding",
    ProposedAction: "reason",
    Why: "answer",
}
#: Sentences without evidence of their own that state facts; advice, questions and plans are not among them.
_STATED = (
    "summary", "severity_reason", "users_affected", "impact", "situation", "cause", "assessment",
    "ruled_out_by", "revenue_impact", "reputation_impact", "data_impact", "current_action", "action", "eta",
)  # fmt: skip


@dataclass(frozen=True)
class Unsupported:
    """A sentence that quotes what its grounds do not hold."""

    where: str
    sentence: str
    quotes: tuple[str, ...]
    cited: tuple[str, ...] | None

    def __str__(self) -> str:
        grounds = "anything that was read"
        if self.cited is not None:
            ids = ", ".join(self.cited)
            grounds = f"the evidence it cites ({ids})" if ids else "any evidence: it cites none"
        return f"{self.where} quotes {', '.join(self.quotes)}, which does not stand in {grounds}"


def ground(report: Report, grounds: Grounds) -> tuple[Report, tuple[str, ...]]:
    """The report with only what is supported, and what was taken out or marked, in sentences.

    What does not exist goes first. Then: a hypothesis that quotes what its evidence does not hold loses its
    evidence, so that it cannot become the diagnosis; such a claim is removed; such a check has no data; any
    other sentence is marked.
    """
    ledger = Removals()
    cleaned = existing(report, grounds, ledger)
    case = _Case(grounds, cleaned)
    for found in _walk(cleaned, case, "report"):
        ledger.add(f"{found} ({found.sentence[:160]!r})")
    return _held(cleaned, case), tuple(ledger.sentences)


def unsupported(report: Value, grounds: Grounds) -> tuple[Unsupported, ...]:
    """Every sentence that quotes a figure, version, service or time that its grounds do not hold.

    A figure, version or time must stand in what its own sentence cites. A service may be named by anything
    that the report cites: half a sentence about a rival measures nothing.
    """
    return tuple(_walk(report, _Case(grounds, report), "report"))


class _Case:
    """What a report is held against.

    Args:
        grounds: what is known.
        report: whose citations may name services.
    """

    def __init__(self, grounds: Grounds, report: Value) -> None:
        self.grounds = grounds
        self.everywhere = tuple(dict.fromkeys(_cited(report)))
        self._absent: dict[tuple[str, tuple[str, ...] | None, bool], tuple[str, ...]] = {}

    def texts(self, cited: tuple[str, ...] | None) -> list[Text]:
        """What a sentence may quote: what it cites, or with None all that is known; the alerts always."""
        grounds = self.grounds
        if cited is None:
            sources = (*grounds.evidence.values(), *grounds.known, *grounds.rules)
        else:
            sources = tuple(grounds.evidence[one] for one in cited if one in grounds.evidence)
        return [source.quotable for source in (*sources, *grounds.alerts)]

    def absent(self, sentence: str, cited: tuple[str, ...] | None, *, claims: bool) -> tuple[str, ...]:
        """What a sentence quotes and its grounds do not hold; services only where it claims something."""
        asked = sentence, cited, claims
        if asked not in self._absent:
            services = self.grounds.services if claims else ()
            cites = self.texts(self.everywhere)
            found = missing(
                sentence, self.texts(cited), services, named_by=cites, names=self.grounds.services,
                language=self.grounds.language,
            )  # fmt: skip
            self._absent[asked] = found
        return self._absent[asked]


def _cited(value: Value) -> Iterator[str]:
    for name in type(value).model_fields:
        held = getattr(value, name)
        if name == "evidence":
            yield from held
            continue
        for inner in held if isinstance(held, tuple) else (held,):
            if isinstance(inner, Value):
                yield from _cited(inner)


def _walk(value: Value, case: _Case, where: str) -> Iterator[Unsupported]:
    yield from _own(value, case, where)
    for name in type(value).model_fields:
        held = getattr(value, name)
        for place, inner in enumerate(held if isinstance(held, tuple) else (held,), start=1):
            if isinstance(inner, Value):
                at = f"{name} {place}" if isinstance(held, tuple) else name
                yield from _walk(inner, case, at)


def _own(value: Value, case: _Case, where: str) -> Iterator[Unsupported]:
    """The sentences of one value itself."""
    cites = _SAYS.get(type(value))
    for name in type(value).model_fields:
        sentence = getattr(value, name)
        if not isinstance(sentence, str) or (name != cites and name not in _STATED):
            continue
        cited = tuple(getattr(value, "evidence", ())) if name == cites else None
        if cites is not None and name == cites and not cited and isinstance(value, CheckResult):
            cited = None  # "no data" has nothing to cite
        # What was ruled out points at a service without claiming anything of it.
        claims = cited is not None and getattr(value, "ruled_out_by", None) is None
        if absent := case.absent(sentence, cited, claims=claims):
            yield Unsupported(f"{where}.{name}", sentence, absent, cited)


def _held(value: T, case: _Case) -> T:
    """The value with every unsupported sentence marked or without its standing, inner values first."""
    changes: dict[str, object] = {}
    for name in type(value).model_fields:
        held = getattr(value, name)
        if isinstance(held, Value):
            changes[name] = _held(held, case)
        elif isinstance(held, tuple):
            kept = (one for one in held if _kept(one, case))
            changes[name] = tuple(_held(one, case) if isinstance(one, Value) else one for one in kept)
    for found in _own(value, case, ""):
        name = found.where.removeprefix(".")
        changes[name] = f"{found.sentence} [unsupported: {', '.join(found.quotes)}]"
        if found.cited is not None:
            changes |= _demoted(value)
    return value.model_copy(update=changes)


def _kept(value: object, case: _Case) -> bool:
    """Claims in a list are facts by themselves: one that is not supported goes."""
    return not isinstance(value, Claim) or not any(_own(value, case, ""))


def _demoted(value: Value) -> dict[str, object]:
    """What a value loses with its sentence's support."""
    if isinstance(value, Hypothesis):
        return {"evidence": (), "confidence": Confidence.LOW}
    if isinstance(value, CheckResult):
        return {"state": CheckState.NO_DATA}
    if isinstance(value, Claim | Why):
        return {"evidence": ()}
    return {}

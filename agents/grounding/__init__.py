"""No claim outruns its evidence: what a report refers to exists, what it quotes stands in what it cites."""

from agents.grounding.carried import Carried, carried_by
from agents.grounding.exists import Grounds, Source
from agents.grounding.marking import MARK, held, marked, without_opinions
from agents.grounding.report import ground, unsupported

__all__ = [
    "MARK", "Carried", "Grounds", "Source", "carried_by", "ground", "held", "marked", "unsupported",
    "without_opinions",
]  # fmt: skip

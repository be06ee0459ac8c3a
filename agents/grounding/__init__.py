"""No claim outruns its evidence: what a report refers to exists, what it quotes stands in what it cites."""

from agents.grounding.exists import Grounds, Source
from agents.grounding.report import ground, unsupported

__all__ = ["Grounds", "Source", "ground", "unsupported"]

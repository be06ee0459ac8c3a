"""Game days: the shop really breaks, Nexus runs live, a person approves, the shop is really mended."""

from demo.gameday.day import GameDay
from demo.gameday.verdict import Seen, Verdict, judged

__all__ = ["GameDay", "Seen", "Verdict", "judged"]

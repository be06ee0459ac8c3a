"""The playbook: the engine that needs no model, but gives the same reports from the same tools."""

from agents.playbook.engine import Playbook

__all__ = ["Playbook"]

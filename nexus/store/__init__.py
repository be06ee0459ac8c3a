"""The store: incidents, timeline, inbox, evidence, approvals, intents, backlog, messages, leases."""

from nexus.store.records import Message, MessageKind, Summary, WorldKind, WorldRef
from nexus.store.sqlite.store import Store

__all__ = ["Message", "MessageKind", "Store", "Summary", "WorldKind", "WorldRef"]

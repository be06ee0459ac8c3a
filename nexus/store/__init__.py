"""The store: incidents, timeline, inbox, evidence, approvals, intents, backlog, messages, claims."""

from nexus.store.records import Claim, Message, MessageKind, Summary, WorldKind, WorldRef
from nexus.store.sqlite.store import Store

__all__ = ["Claim", "Message", "MessageKind", "Store", "Summary", "WorldKind", "WorldRef"]

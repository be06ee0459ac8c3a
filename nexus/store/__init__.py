"""The store: incidents, timeline, inbox, evidence, approvals, intents, backlog, messages, leases."""

"""What people see in a terminal, and the JSON that scripts read. No graph and no frames are imported here."""

from nexus.render.approvals import approvals_table, proposal_panel
from nexus.render.incident import incident_view
from nexus.render.json import incident_json
from nexus.render.tables import backlog_table, incidents_table
from nexus.render.timeline import show_entry, timeline_line, timeline_text

__all__ = [
    "approvals_table",
    "backlog_table",
    "incident_json",
    "incident_view",
    "incidents_table",
    "proposal_panel",
    "show_entry",
    "timeline_line",
    "timeline_text",
]

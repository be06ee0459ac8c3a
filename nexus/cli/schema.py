"""The verb that prints the schema of what a verb's `--json` prints."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from incidents.errors import UnknownName, UsageError
from nexus.cli.base import say, write
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from pydantic import TypeAdapter

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Document(NamedTuple):
    """One kind of JSON: the type of its value, whether a list of them is printed, and by which verbs."""

    module: str
    name: str
    many: bool
    verbs: tuple[str, ...]

    def adapter(self) -> "TypeAdapter[Any]":
        """What reads and describes it; imports no more than the verb itself does."""
        from pydantic import TypeAdapter

        value: Any = getattr(import_module(self.module), self.name)
        return TypeAdapter(Sequence[value] if self.many else value)


_HANDLING = (
    "acknowledge", "take-over", "hand-over", "take", "give-back", "changed", "mitigated", "resolve",
    "false-alarm", "reopen",
)  # fmt: skip

#: By the name of the schema's file.
DOCUMENTS = {
    "answer": Document("nexus.service.answers", "Answer", False, ("ask",)),
    "approvals": Document("incidents.action", "Proposal", True, ("approvals",)),
    "attacks": Document("evals.redteam.trial", "Trial", True, ("eval",)),
    "audit": Document("nexus.service.auditing", "AuditLine", True, ("audit",)),
    "backtest": Document("evals.backtest.run", "Backtest", False, ("backtest",)),
    "backlog": Document("incidents.communications", "BacklogEntry", True, ("backlog",)),
    "case": Document("evals.record.summary", "CaseSummary", False, ("record",)),
    "policy": Document("nexus.service.autonomy", "PolicyView", False, ("policy",)),
    "explained": Document("nexus.service.autonomy", "Explained", False, ("policy",)),
    "restriction": Document("incidents.restriction", "Restriction", False, ("restrict",)),
    "declared": Document("nexus.service.declaring", "Declared", False, ("declare",)),
    "deliveries": Document("nexus.service.deliveries", "DeliveryView", True, ("alerts",)),
    "delivery": Document("nexus.service.deliveries", "DeliveryView", False, ("alerts",)),
    "destinations": Document("nexus.service.destinations", "DestinationLine", True, ("destinations",)),
    "destination": Document("nexus.service.destinations", "DestinationLine", False, ("destinations",)),
    "destination-test": Document("nexus.service.destinations", "Tried", False, ("destinations",)),
    "doctor": Document("nexus.service.check", "Check", True, ("doctor",)),
    "drill": Document("incidents.drill", "Drill", False, ("drill",)),
    "evaluation": Document("evals.report", "Report", False, ("eval",)),
    "feed": Document("nexus.service.views", "FeedEntry", False, ("watch",)),
    "gameday": Document("demo.gameday.verdict", "Held", True, ("gameday",)),
    "handled": Document("nexus.service.views", "Handled", False, _HANDLING),
    "imported": Document("evals.importers.base", "Imported", True, ("import",)),
    "incident": Document("nexus.service.incident_view", "IncidentView", False, ("show", "run", "demo")),
    "incidents": Document("nexus.service.lists", "IncidentLine", True, ("incidents",)),
    "move": Document("nexus.store.records", "Moved", True, ("move",)),
    "files": Document("nexus.store.records", "FileSize", True, ("files",)),
    "verdict": Document("incidents.verdicts", "DiagnosisVerdict", False, ("verdict",)),
    "verdicts": Document("incidents.verdicts", "DiagnosisVerdict", True, ("verdicts",)),
    "oncall": Document("nexus.service.oncall", "OnCallView", False, ("oncall",)),
    "workers": Document("nexus.store.workers", "WorkerSeen", True, ("workers",)),
    "pruned": Document("nexus.service.retention", "Prunable", True, ("prune",)),
    "reading": Document("tools.alerts.reading", "Reading", False, ("alerts",)),
    "regrouped": Document("nexus.service.views", "Regrouped", False, ("split", "merge")),
    "resumed": Document("nexus.service.incident_view", "IncidentView", True, ("resume",)),
    "roles": Document("agents.role", "Role", True, ("roles",)),
    "runbook": Document("incidents.runbook", "Runbook", False, ("runbook",)),
    "scenarios": Document("demo.gameday.verdict", "ScenarioLine", True, ("gameday",)),
    "services": Document("nexus.config.service_aliases", "ServiceNames", False, ("services",)),
    "status": Document("nexus.service.status_page", "StatusPage", False, ("status",)),
    "status-updates": Document("nexus.service.status_updates", "UpdatesView", False, ("status",)),
    "trust": Document("incidents.trust", "TrustLine", True, ("trust",)),
    "tickets": Document("incidents.tickets", "Ticket", True, ("tickets",)),
    "tokens": Document("nexus.store.credentials", "ApiToken", True, ("people",)),
    "trace": Document("nexus.service.cost_trace", "Trace", False, ("trace",)),
}


def verbs() -> Verbs:
    """The verb of this module."""
    return {"schema": schema}


def schema(
    name: Annotated[
        str | None, Argument(metavar="NAME", help="A verb or a document; none: list them.")
    ] = None,
    folder: Annotated[
        Path | None, Option("--out", help="Write the schema of every document into this folder.")
    ] = None,
) -> None:
    """Print the JSON Schema of what a verb prints with --json."""
    if folder is not None:
        _write_all(folder)
    elif name is None:
        for document, one in DOCUMENTS.items():
            say(f"{document:<12} {', '.join(one.verbs)}")
    else:
        for document in documents_of(name):
            write(schema_text(document))


def documents_of(name: str) -> tuple[str, ...]:
    """The document of that name, else those that the verb of that name prints.

    Raises:
        UnknownName: it is neither.
    """
    if name in DOCUMENTS:
        return (name,)
    found = tuple(document for document, one in DOCUMENTS.items() if name in one.verbs)
    if not found:
        verbs = {verb for one in DOCUMENTS.values() for verb in one.verbs}
        raise UnknownName("schema", name, verbs | set(DOCUMENTS))
    return found


def schema_of(document: str) -> dict[str, Any]:
    """The JSON Schema of a document. It tells every key of today; later releases may add some."""
    from nexus.service.schemas import opened

    made = DOCUMENTS[document].adapter().json_schema(mode="serialization")
    told: dict[str, Any] = opened(made)
    return {"$schema": DIALECT, "title": document} | told


def schema_text(document: str) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema_of(document), indent=2) + "\n"


def _write_all(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for document in DOCUMENTS:
            (folder / f"{document}.json").write_text(schema_text(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from error

"""The toolset: the tools that one role may use in one incident. Every call becomes an Evidence.

A tool is a value: a name, a description for models, its arguments as a pydantic type, a function over the
incident's sources that returns a typed result, and a function that says the result in words. The playbook
reads the typed result; a model reads the words. Both cite the same evidence id.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from incidents.errors import Declined, Refused, ToolFailed, UnknownName
from incidents.findings import Evidence, EvidenceStatus
from incidents.incident import Incident
from incidents.value import Value
from tools.clock import Clock
from tools.ports import EvidenceStore, World
from tools.redaction.redact import redact
from tools.redaction.tree import redact_value
from tools.schema import SchemaArgs

A = TypeVar("A", bound=Value)
R = TypeVar("R", bound=Value)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sources:
    """What a tool's function may read: the world's ports, the clock, the incident as it stands."""

    world: World
    clock: Clock
    incident: Incident


@dataclass(frozen=True)
class Tool(Generic[A, R]):
    """One thing a role can ask.

    `empty` tells whether a result holds no data at all. `serves` names the services that it can answer for,
    if not all of the catalogue. `channel` is where the data come from: answers of one
    channel do not confirm each other; without a name the tool is a channel of its own.
    """

    name: str
    description: str
    args: type[A]
    ask: Callable[[Sources, A], Awaitable[R]]
    say: Callable[[R], str]
    empty: Callable[[R], bool] = lambda _: False
    channel: str = ""
    serves: Callable[[World], Sequence[str]] | None = None


@dataclass(frozen=True)
class Answer(Generic[R]):
    """A tool's result: the evidence it became, and the typed data (None if the backend failed).

    `refused` tells of such a backend that it answers and does not tell.
    """

    evidence: Evidence
    data: R | None
    refused: bool = False

    @property
    def id(self) -> str:
        """The evidence id, for citing."""
        return self.evidence.id


class Toolset:
    """The tools of one role, bound to one incident. The same question again is answered from memory."""

    def __init__(
        self, sources: Sources, store: EvidenceStore, role: str, tools: Sequence[Tool[Value, Value]]
    ) -> None:
        self.sources = sources
        self.store = store
        self.role = role
        self.tools = tuple(tools)
        self._answers: dict[str, Answer[Value]] = {}

    def named(self, name: str) -> Tool[Value, Value]:
        """The tool of that name.

        Raises:
            UnknownName: the role has no such tool.
        """
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise UnknownName("tool", name, (tool.name for tool in self.tools))

    @property
    def asked(self) -> tuple[str, ...]:
        """The ids of the evidence that was asked for, in order; what was answered alike is one."""
        return tuple(dict.fromkeys(answer.id for answer in self._answers.values()))

    async def ask(self, tool: Tool[A, R], args: A) -> Answer[R]:
        """Ask a tool and keep the result as evidence; a backend that fails becomes evidence of the gap."""
        query = json.dumps(args.model_dump(mode="json", exclude_none=True), sort_keys=True)
        memory = f"{tool.name} {query}"
        if memory in self._answers:
            return self._answers[memory]  # type: ignore[return-value]  # keyed by the tool that made it
        refused = False
        try:
            data: R | None = redact_value(await tool.ask(self.sources, args))
            status = EvidenceStatus.EMPTY if data is not None and tool.empty(data) else EvidenceStatus.OK
            text = tool.say(data) if data is not None else ""
        except (ToolFailed, Refused, UnknownName) as error:
            refused = isinstance(error, Declined)
            how = (
                "was refused" if refused else "did not answer" if isinstance(error, ToolFailed) else "refuses"
            )
            data, status = None, EvidenceStatus.FAILED
            text = f"{tool.name} {how}: {redact(str(error))}"
        body = (data.model_dump_json(exclude_none=True) if data is not None else text).encode()
        evidence = self._evidence(tool, query, status, text, body)
        await self.store.put(evidence, body)  # what was answered alike before stays as it is
        log.debug("evidence", tool=tool.name, evidence=evidence.id, status=status, role=self.role)
        answer = Answer(evidence, data, refused)
        self._answers[memory] = answer  # type: ignore[assignment]
        return answer

    def _evidence(
        self, tool: Tool[A, R], query: str, status: EvidenceStatus, text: str, body: bytes
    ) -> Evidence:
        """An answer is one piece of evidence, whoever asked for it, however often and in whichever words.

        An answer of ours says what it is about; one from outside may only say `5`.
        """
        digest = hashlib.sha256(body).hexdigest()
        about = f" {query}" if issubclass(tool.args, SchemaArgs) else ""
        told = f"{self.sources.incident.id} {tool.name}{about} {digest}"
        identity = hashlib.sha256(told.encode()).hexdigest()
        return Evidence(
            id=f"E-{identity[:8]}",
            incident=self.sources.incident.id,
            tool=tool.name,
            query=query,
            role=self.role,
            at=self.sources.clock.now(),
            turn=self.sources.incident.turn,
            status=status,
            summary=text,
            size=len(body),
            digest=digest,
        )

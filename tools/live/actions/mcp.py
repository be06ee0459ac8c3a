"""A tool of an MCP server as a typed action: bounded values, a signed definition, bounded time, redacted.

What a tool is called, takes and says of itself is part of what people sign: a server that changes it
between the approval and the execution is not called.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import JsonValue

from incidents.action import Action, ActionKind, Observed, Outcome, Plan
from incidents.errors import ActionRefused, ToolFailed
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.declared import (
    HOLE,
    LONGEST,
    READ,
    Values,
    filled,
    last_lines,
    need,
    sample,
    told,
    undo_of,
    values_of,
)
from tools.live.actions.effect import Effect
from tools.live.mcp.server import checked_schema
from tools.live.mcp.session import changes, converse, digest_of, listed, text_of
from tools.live.secrets import Secrets
from tools.live.settings_tools import McpAction, McpCall, McpServer
from tools.redaction.redact import redact
from tools.schema import misfit
from tools.wording import plain

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import CallToolResult, Tool


class McpActions:
    """The adapter for one action of a server.

    Args:
        server: how it is reached.
        spec: the tools, and what may stand in their arguments.
        secrets: resolves what the server gets.
        clock: when an outcome is told.
    """

    def __init__(self, server: McpServer, spec: McpAction, secrets: Secrets, clock: Clock) -> None:
        self._server = server
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._kind = ActionKind(spec.action)
        self.undoes = spec.undo is not None

    @property
    def arrives_within(self) -> timedelta:
        """As long as a call may take: a server may go on with one whose client is gone."""
        return self._spec.timeout

    @property
    def goes_on_elsewhere(self) -> timedelta:
        """The same: the server is one for all machines."""
        return self._spec.timeout

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """One kind of change."""
        return {self._kind: frozenset(self._spec.services)}

    async def plan(self, action: Action) -> Plan:
        """What the dry run answers, with the tools' definitions; raises as the port says."""
        call, dry, values = self._call(action), self._spec.dry_run, values_of(self._spec, action, "{key}")
        arguments = _arguments(call, values, action)
        trial = _arguments(dry, values, action) if dry is not None else {}

        async def asked(session: "ClientSession") -> "tuple[tuple[Observed, ...], CallToolResult | None]":
            tools = await self._tools(session)
            _fit(tools[call.tool], arguments)
            if dry is None:
                return _definitions(tools), None
            _fit(tools[dry.tool], trial)
            return _definitions(tools), await session.call_tool(dry.tool, trial)

        definitions, answer = await converse(self._server, self._secrets, asked, self._seconds)
        if answer is not None and answer.is_error and not action.arguments.undo:
            raise ActionRefused(f"the dry run of {action.title} failed: {self._said(answer)}")
        observed, effects = told(self._text(answer)) if answer is not None else ((), ())
        if action.arguments.undo:
            effects = ()  # the dry run spoke of the change, not of its undo
        shown = plain(f"{call.tool} {json.dumps(arguments)}", LONGEST)
        return Plan(
            action=action,
            observed=(*definitions, *observed),
            effects=(
                f"the MCP server {self._server.name} is called: {shown}",
                *(effects or ("what that changes is not told beforehand",)),
            ),
            undo=undo_of(action) if self.undoes else None,
        )

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Call the tool if it is still the one of the plan; whether it answers an error decides."""
        action = deed.plan.action
        call = self._call(action)
        arguments = _arguments(call, values_of(self._spec, action, deed.key), action)

        async def asked(session: "ClientSession") -> "CallToolResult | None":
            now = _definitions(await self._tools(session))
            if not set(now) <= set(deed.plan.observed):
                return None
            effect.begin()
            return await session.call_tool(call.tool, arguments)

        answer = await converse(self._server, self._secrets, asked, self._seconds)
        if answer is None:
            detail = (
                f"nothing was changed: {self._server.name} has changed its tools since they were looked at"
            )
            return Outcome(done=False, detail=detail, at=self._clock.now())
        said = self._said(answer)
        detail = f"the tool {call.tool} refused: {said}" if answer.is_error else said
        return Outcome(done=not answer.is_error, detail=detail, at=self._clock.now())

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """What the status tool answers; None if it says that the key was never begun."""
        action, status = deed.plan.action, self._spec.status
        unknown = f"it is not known whether it was done to {action.title}"
        if status is None:
            raise ToolFailed(f"{unknown}: the action has no `status`; look at {action.service}")
        arguments = _arguments(status, values_of(self._spec, action, deed.key), action)

        async def asked(session: "ClientSession") -> "CallToolResult":
            await self._tools(session)
            return await session.call_tool(status.tool, arguments)

        try:
            answer = await converse(self._server, self._secrets, asked, self._seconds)
        except ActionRefused as refused:
            raise ToolFailed(f"{unknown}: {refused}") from None
        text = self._text(answer)
        done, never = status.done in text, status.never in text
        if answer.is_error or done == never:
            raise ToolFailed(f"{unknown}: {status.tool} answered: {self._said(answer)}")
        return Outcome(done=True, detail=self._said(answer), at=self._clock.now()) if done else None

    async def check(self) -> str:
        """That the tools are there and the dry run of the first service and value can be made."""
        action = sample(self._spec)
        if action is None:
            await converse(self._server, self._secrets, self._tools, self._seconds)
            return f"{self._kind}: its tools are there"
        plan = await self.plan(action)
        return f"{self._kind}: to {action.title}: {'; '.join(plan.effects)}"

    async def aclose(self) -> None:
        """Nothing is open."""

    @property
    def _seconds(self) -> float:
        return self._spec.timeout.total_seconds()

    def _call(self, action: Action) -> McpCall:
        return self._spec.undo if action.arguments.undo and self._spec.undo is not None else self._spec.run

    async def _tools(self, session: "ClientSession") -> "dict[str, Tool]":
        """The tools that the action is made of, as the server defines them now.

        Raises:
            ActionRefused: one is not there, or one that is to look only changes something.
        """
        has = await listed(session)
        spec, named = self._spec, self._server.name
        looks = [call.tool for call in (spec.dry_run, spec.status) if call is not None]
        names = dict.fromkeys([*sorted(self._own), *looks])
        if lacking := [name for name in names if name not in has]:
            raise ActionRefused(f"the MCP server {named} has no tool {lacking[0]!r}; it has {_some(has)}")
        for name in looks:
            if name not in self._own and changes(has[name]):
                raise ActionRefused(
                    f"{name} of the MCP server {named} is to look only, and it changes something"
                )
        return {name: has[name] for name in names}

    @property
    def _own(self) -> set[str]:
        """The tools that this action changes something with."""
        return {call.tool for call in (self._spec.run, self._spec.undo) if call is not None}

    def _text(self, answer: "CallToolResult") -> str:
        return text_of(answer, self._server, self._secrets)[:READ]

    def _said(self, answer: "CallToolResult") -> str:
        return last_lines(self._text(answer)) or "it answered nothing"


def _definitions(tools: "Mapping[str, Tool]") -> tuple[Observed, ...]:
    return tuple(Observed(name=f"definition of {name}", value=digest_of(one)) for name, one in tools.items())


def _fit(tool: "Tool", arguments: Mapping[str, JsonValue]) -> None:
    """Make sure that a tool takes what it is given: one that ignores `dry_run: true` would carry it out.

    Raises:
        ActionRefused: it does not.
    """
    try:
        schema = checked_schema(tool.input_schema)
    except ToolFailed as error:
        raise ActionRefused(f"the tool {tool.name} cannot be called: {error}") from None
    strange = sorted(set(arguments) - set(schema["properties"]))
    wrong = f"it takes no {strange[0]!r}" if strange else misfit(schema, dict(arguments))
    if wrong:
        raise ActionRefused(
            f"the arguments configured for {tool.name} do not fit: {plain(redact(wrong), LONGEST)}"
        )


def _arguments(call: McpCall, values: Values, action: Action) -> dict[str, JsonValue]:
    """The arguments with the action's values in them; a text that is one hole keeps the value's type."""

    def put(part: JsonValue) -> JsonValue:
        if isinstance(part, str):
            need(HOLE.findall(part), values, action)
            whole = HOLE.fullmatch(part)
            return values[whole[1]] if whole else filled(part, values)
        if isinstance(part, list):
            return [put(one) for one in part]
        return {name: put(one) for name, one in part.items()} if isinstance(part, dict) else part

    return {name: put(part) for name, part in call.arguments.items()}


def _some(names: "Mapping[str, Tool]") -> str:
    return plain(redact(", ".join(sorted(names))), 160) or "none"

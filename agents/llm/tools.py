"""A toolset's tools as a model gets them: typed arguments from the catalogue, answers fenced as data."""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from difflib import get_close_matches
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import SkipJsonSchema

from agents import genai
from agents.llm.reports import arguments_of_kinds
from agents.tracing import Caller, content, execute_tool, failed
from incidents.action import ActionKind
from incidents.findings import Evidence, EvidenceStatus
from incidents.reports import Task
from incidents.value import Value, iso
from prompts.text import fence, line, without_repeats
from tools.schema import SchemaArgs
from tools.toolbox import ENDPOINTS
from tools.toolbox.arguments import AT, GOES_ON, PATH, SERVICE_NAME, UNDER, Paged
from tools.toolset import Tool, Toolset
from tools.wording import MORE

#: Puts a question to a tool; tells the answer and the kind of the problem.
_Ask = Callable[[Mapping[str, Any]], Awaitable[tuple[str, str | None]]]

#: The argument names that mean a service of the catalogue.
_SERVICE_FIELDS = {"service", "services", "caller", "callee"}
#: Characters of all names; a longer list costs more tokens in every request than a wrong name costs in one.
_NAMES_AT_MOST = 700

#: What the answers say, or the page on the sources, and no schema again.
_SAID_ONCE = frozenset({AT, GOES_ON, PATH, UNDER})
#: Tools that have nothing to say yet; each description costs tokens in every request.
_TOO_EARLY = {
    Task.TRIAGE: {"plan_action", "recovery"},
    Task.INVESTIGATE: {"recovery", "try_patch"},
    Task.MITIGATE: {"recovery"},
}
#: Tools whose answers no report of a task has a place for.
_IDLE = {
    Task.TRIAGE: {"inventory", "suspects", "dependencies"}, Task.VERIFY: {"inventory", "suspects"},
}  # fmt: skip
#: The dry run of a change, for whoever may propose one.
_PLAN = "plan_action"
#: Arguments that say how much is shown: the tools' own measure is right, and whoever gives one is understood.
_HOW_MUCH = {"limit", "settle_minutes"}

#: What a question may say without asking for something else.
_ASIDE = {*_HOW_MUCH, "offset"}
#: Tools that answer without a service for all that a task is about, so that nothing is left to ask.
_FOR_ALL = {Task.VERIFY: {ENDPOINTS.name}}

#: Keeps a field out of what a model reads.
_UNSAID: Any = SkipJsonSchema()  # type: ignore[type-arg]  # a mark, and no type of its own

#: The tool that reads what was answered before.
EVIDENCE = "evidence"
_EVIDENCE_ARGS = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "offset": {"type": "integer"}},
    "required": ["id"],
}

#: A refusal is an answer: of what was asked about it says nothing, least of all that it is down.
_REFUSED = "refused; that is no outage, and what was asked stays unknown: name it as a gap"
_SAYS = {
    EvidenceStatus.OK: "ok",
    EvidenceStatus.EMPTY: "nothing found: of records that is zero, of a measurement neither zero nor normal",
    EvidenceStatus.FAILED: "failed; asking again will not help now, name it as a gap",
}


def offered(
    toolset: Toolset, task: Task, plans: Sequence[ActionKind] | None = None
) -> list[Tool[Value, Value]]:
    """A role's tools that have something to say for a task; a dry run only of what it may propose."""
    early = set() if toolset.sources.incident.proposals else _TOO_EARLY.get(task, set())
    idle = _IDLE.get(task, set()) | ({_PLAN} if plans is not None and not plans else set())
    return [tool for tool in toolset.tools if tool.name not in early | idle]


def answered(
    toolset: Toolset, task: Task, kept: Iterable[Evidence], shown: Collection[str]
) -> frozenset[str]:
    """The tools that have nothing left to tell: code asked them in this turn, and the brief shows it whole.

    Args:
        toolset: the role's tools.
        task: what they are for.
        kept: the incident's evidence.
        shown: the ids of the answers that the brief shows whole.
    """
    turn = toolset.sources.incident.turn
    now = {one.tool: one for one in kept if one.id in shown and turn and one.turn == turn}
    return frozenset(
        tool.name
        for tool in toolset.tools
        if (one := now.get(tool.name)) is not None and MORE not in one.summary and _asks_all(tool, task, one)
    )


def _asks_all(tool: Tool[Value, Value], task: Task, one: Evidence) -> bool:
    """Whether an answer is to the only question of a tool, or to the one without a service."""
    fields = set(tool.args.model_fields) - _ASIDE
    if tool.name in _FOR_ALL.get(task, set()):
        return not fields & set(json.loads(one.query))
    return not fields and not issubclass(tool.args, SchemaArgs)


def plannable(
    task: Task, role: Sequence[ActionKind], assigned: Sequence[ActionKind], checks: Sequence[str]
) -> tuple[ActionKind, ...]:
    """Of which changes a role may want a dry run: what it may propose, or is to prepare by a check."""
    said = " ".join(checks).casefold()
    prepares = "prepar" in said or any(kind.value.replace("_", " ") in said for kind in role)
    return tuple(assigned if task is Task.MITIGATE else role if task is Task.INVESTIGATE and prepares else ())


def tools_of(
    toolset: Toolset,
    task: Task,
    limit: int,
    *,
    plans: Sequence[ActionKind] | None = None,
    shown: Collection[str] = (),
    told: Collection[str] = (),
    trace_content: bool = False,
) -> list[BaseTool]:
    """The tools of a role for a model; every answer starts with the evidence id to cite.

    Args:
        toolset: the role's tools, bound to the incident.
        task: what they are for; tools that can only answer later are left out until an action was proposed.
        limit: the longest answer in characters; a cut is announced.
        plans: the kinds of change that the role may plan; None: all.
        shown: the ids of the answers that its brief shows whole: they are not repeated.
        told: the tools that have nothing left to tell (`answered`): they are not offered.
        trace_content: put questions and answers into their spans.
    """
    world = toolset.sources.world
    caller = Caller(incident=toolset.sources.incident.id, role=toolset.role, task=task)
    conversation = Told(shown)

    def traced(tool: Tool[Value, Value]) -> BaseTool:
        names = tuple(tool.serves(world)) if tool.serves is not None else world.catalogue.names
        asked = _asking(toolset, tool, names, limit, conversation)

        async def ask(**given: Any) -> str:
            with execute_tool(caller, tool.name) as span:
                said, problem = await asked(given)
                if problem is not None:
                    failed(span, problem)
                if trace_content:
                    span.set_attribute(genai.TOOL_ARGUMENTS, content(given))
                    span.set_attribute(genai.TOOL_RESULT, content(said))
                return said

        return StructuredTool.from_function(
            coroutine=ask,
            name=tool.name,
            description=tool.description,
            args_schema=_schema_of(tool.args, names, plans if tool.name == _PLAN else None),
        )

    given = offered(toolset, task, plans)
    found = [traced(tool) for tool in given if tool.name not in told]
    return [*found, evidence_tool(toolset, limit)] if given else []


def evidence_tool(toolset: Toolset, limit: int) -> BaseTool:
    """Reads an answer that the team has, whole or from where it was cut; it is the same evidence."""

    async def ask(id: str, offset: int = 0) -> str:  # noqa: A002 - the name that the model is told
        kept = await toolset.store.evidence(toolset.sources.incident.id)
        one = next((item for item in kept if item.id == id.strip()), None)
        if one is None:
            return f"there is no evidence {line(id, 40)!r}; the brief and the answers name those that exist"
        head = f"Evidence {one.id} · {one.tool} {line(one.query, 160)} · {iso(one.at)} · {_SAYS[one.status]}"
        return (
            f"{head}\n{fence(one.summary[max(0, offset) :], one.id, limit, how=EVIDENCE, at=max(0, offset))}"
        )

    return StructuredTool.from_function(
        coroutine=ask,
        name=EVIDENCE,
        description="An answer that the team has already, by its id, whole or from a character on.",
        args_schema=_EVIDENCE_ARGS,
    )


class Told:
    """What one conversation shows already: answers, and lines on how was looked.

    Args:
        shown: the ids of the answers that the brief shows whole.
    """

    def __init__(self, shown: Collection[str] = ()) -> None:
        self._shown = dict.fromkeys(shown, "")
        self._lines: set[str] = set()

    def text(self, found: Evidence, question: str, limit: int) -> str:
        """An answer as a block of data; one that another question had already is only named."""
        if self._shown.get(found.id, question) != question:
            return "The same answer as the one under this id above; cite it."
        if len(found.summary) <= limit:
            self._shown[found.id] = question
        return fence(without_repeats(found.summary, self._lines), found.id, limit, how=EVIDENCE)


def _schema_of(
    args: type[Value], names: tuple[str, ...], plans: Sequence[ActionKind] | None
) -> type[BaseModel] | dict[str, Any]:
    """What a model is told of the arguments: a tool from outside brings its own JSON schema."""
    if issubclass(args, SchemaArgs):
        return dict(args.document)
    return arguments_of(args, names, tuple(plans) if plans is not None else None)


def _asking(
    toolset: Toolset, tool: Tool[Value, Value], names: tuple[str, ...], limit: int, told: Told
) -> _Ask:
    """How a model puts a question to the toolset: the answer in words, the kind of the problem if any."""

    async def ask(given: Mapping[str, Any]) -> tuple[str, str | None]:
        try:
            # What was not given is left out, so that the tool's own defaults hold.
            args = tool.args.model_validate(
                {name: value for name, value in given.items() if value is not None}
            )
        except ValidationError as error:
            return f"{tool.name} was not asked: {_mistakes(error)}", "invalid_arguments"
        if unknown := _unknown(args, names):
            return f"{tool.name} was not asked: {unknown}", "unknown_service"
        answer = await toolset.ask(tool, args)
        found = answer.evidence
        says = _REFUSED if answer.refused else _SAYS[found.status]
        head = f"Evidence {found.id} · {tool.name} · {says}"
        problem = "tool_failed" if found.status is EvidenceStatus.FAILED else None
        return f"{head}\n{told.text(found, f'{tool.name} {args}', limit)}", problem

    return ask


@lru_cache(maxsize=256)
def arguments_of(
    args: type[Value], names: tuple[str, ...], plans: tuple[ActionKind, ...] | None = None
) -> type[BaseModel]:
    """The argument type with service fields narrowed to the catalogue's names; validators stay behind.

    What only says how much is shown, and what no kind of change in `plans` needs, stands in no schema.
    """
    needed = None if plans is None else {"kind", "service"} | arguments_of_kinds(plans)
    fields: dict[str, Any] = {}
    for name, info in args.model_fields.items():
        kind: Any = info.rebuild_annotation()
        if name in _SERVICE_FIELDS and 0 < len("".join(names)) <= _NAMES_AT_MOST:
            kind, info = _narrowed(kind, names), _described(info)
        elif info.description in _SAID_ONCE:
            info = _described(info)
        elif name == "kind" and plans:
            kind = Literal[tuple(one.value for one in plans)]
        if (issubclass(args, Paged) and name in _HOW_MUCH) or (needed is not None and name not in needed):
            kind = Annotated[kind, _UNSAID]
        fields[name] = (kind, info)
    return create_model(args.__name__, __config__=ConfigDict(extra="ignore"), __doc__=args.__doc__, **fields)


def _described(info: FieldInfo) -> FieldInfo:
    """A field without what its names show already, or what is said once for all tools."""
    said = (info.description or "").removeprefix(SERVICE_NAME).removeprefix("; ")
    changed = copy(info)
    changed.description = None if said in _SAID_ONCE else said or None
    return changed


def _narrowed(kind: Any, names: tuple[str, ...]) -> Any:
    """The same shape with `Literal[names]` in place of `str`."""
    if kind is str:
        return Literal[names]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {UnionType, Union}:
        return Union[tuple(part if part is NoneType else _narrowed(part, names) for part in inner)]  # noqa: UP007
    if origin in {tuple, list, frozenset, set} and inner and inner[0] is str:
        return origin[Literal[names], ...] if origin is tuple else origin[Literal[names]]
    return kind


def _unknown(args: Value, names: tuple[str, ...]) -> str | None:
    """What is wrong with a service that the catalogue does not have, and the nearest that it has."""
    for field in sorted(_SERVICE_FIELDS & set(type(args).model_fields)):
        given = getattr(args, field)
        for name in (given,) if isinstance(given, str) else given or ():
            if names and name not in names:
                alike = [known for known in names if name.lower() in known.lower()]
                near = dict.fromkeys([*alike, *get_close_matches(name, names, n=3, cutoff=0.4)])
                hint = f"nearest: {', '.join(list(near)[:5])}" if near else "the brief lists those that exist"
                return f"there is no service {line(name, 80)!r}; {hint}"
    return None


def _mistakes(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = [f"{'.'.join(str(part) for part in e['loc']) or 'arguments'}: {e['msg']}" for e in found[:3]]
    return line("; ".join(places), 300)

"""Tool calls that a model wrote into its text, in the notations of the model families and of frameworks."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from agents.llm.wire.json_text import loads, values_in
from agents.llm.wire.names import resolved

Schemas = Mapping[str, Mapping[str, Any]]


class Written(NamedTuple):
    """One call: an offered tool, and what it is asked with."""

    name: str
    arguments: dict[str, Any]


_NAME = r"[\w.:/-]+"
#: <function=NAME> or <invoke name="NAME"> with a tag for each argument.
_BLOCK = re.compile(
    rf'<(?:function=|function\s+name="|(?:\w+:)?invoke\s+name=")"?({_NAME})"?\s*>(.*?)(?:</(?:function|(?:\w+:)?invoke)>|\Z)',
    re.DOTALL,
)
_PARAMETER = re.compile(
    r'<(?:\w+:)?(?:parameter|arg|param)(?:=|\s+name=")"?([\w.-]+)"?[^>]*>(.*?)</(?:\w+:)?(?:parameter|arg|param)>',
    re.DOTALL,
)
#: <tool_call>NAME with <arg_key> and <arg_value>.
_KEYED = re.compile(
    rf"<tool_call>\s*({_NAME})\s*((?:<arg_key>.*?</arg_value>\s*)*)(?:</tool_call>|\Z)", re.DOTALL
)
_PAIR = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)
#: A name behind a mark and before the arguments' object.
_BEFORE = re.compile(
    r'(?:<function=|<function\s+name="|\[TOOL_CALLS\]|<\|tool_call_begin\|>'
    r"|<\uff5ctool▁call▁begin\uff5c>(?:function<\uff5ctool▁sep\uff5c>)?"
    r"|\bto=|<tool_call>|\bAction:|\bcall:|<\|tool_call>call:)"
    rf'\s*["`]?({_NAME})["`]?'
    r"(?:\s|>|\[ARGS\]|\[CALL_ID\]\w+|<\|tool_call_argument_begin\|>|<\uff5ctool▁sep\uff5c>|```\w*"
    r"|Action Input:|<\|[^|>]*\|>|\bcommentary\b|\bjson\b|:)*\Z"
)
#: Where code stands: a fence, or the marks of a family.
_CODE = re.compile(
    r"```(?:tool_code|tool_call|python|py)?\s*\n(.*?)```|<\|tool_call_start\|>(.*?)<\|tool_call_end\|>"
    r"|<function_calls>(.*?)</function_calls>|<tool_call>(.*?)</tool_call>|<\|python_tag\|>(.*)\Z",
    re.DOTALL,
)
_NAMES = ("name", "tool", "tool_name", "function", "function_name", "action")
#: call:NAME{key:<escape>text<escape>,...}
_ESCAPED = re.compile(
    rf"\bcall:({_NAME})\{{((?:[\w.-]+:(?:<escape>.*?<escape>|[^,{{}}<]*),?)*)\}}", re.DOTALL
)
_ESCAPED_PAIR = re.compile(r"([\w.-]+):(?:<escape>(.*?)<escape>|([^,{}<]*))", re.DOTALL)
_ARGUMENTS = ("arguments", "parameters", "args", "input", "tool_input", "action_input", "kwargs", "params")


def calls_in(text: str, tools: Schemas) -> list[Written]:
    """The calls of offered tools in a text, in order; a tool that is only mentioned is not called."""
    for reading in (_blocks, _keyed, _escaped, _objects, _python):
        if found := list(reading(text, tools)):
            return found
    return []


def call_of(value: object, tools: Schemas) -> Written | None:
    """The call that an object means: a name and arguments, in one of the usual pairs of keys."""
    if not isinstance(value, Mapping):
        return None
    inner = value.get("function")
    if isinstance(inner, Mapping):
        return call_of(inner, tools)
    given = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
    if given is None:
        return _named_by_key(value, tools)
    name = resolved(given, tools)
    keys = [key for key in _ARGUMENTS if key in value]
    if name is None or not (keys or len(value) == 1 or set(value) <= {*_NAMES, "id", "type"}):
        return None
    arguments = _arguments(value[keys[0]]) if keys else {}
    return Written(name, arguments) if arguments is not None else None


def _named_by_key(value: Mapping[str, Any], tools: Schemas) -> Written | None:
    """`{"metrics": {...}}`: the only key is an offered tool."""
    if len(value) != 1:
        return None
    ((key, inner),) = value.items()
    name = resolved(str(key), tools)
    return Written(name, dict(inner)) if name is not None and isinstance(inner, Mapping) else None


def _arguments(given: object) -> dict[str, Any] | None:
    if isinstance(given, str):
        try:
            given = loads(given) if given.strip() else {}
        except ValueError:
            return None
    if given is None or given == []:
        return {}
    return dict(given) if isinstance(given, Mapping) else None


def _blocks(text: str, tools: Schemas) -> Iterator[Written]:
    for given, inside in _BLOCK.findall(text):
        name, pairs = resolved(given, tools), _PARAMETER.findall(inside)
        if name is None or (inside.strip() and not pairs):
            continue
        yield Written(name, {key: value.strip() for key, value in pairs})


def _keyed(text: str, tools: Schemas) -> Iterator[Written]:
    for given, inside in _KEYED.findall(text):
        if name := resolved(given, tools):
            yield Written(name, {key.strip(): value.strip() for key, value in _PAIR.findall(inside)})


def _escaped(text: str, tools: Schemas) -> Iterator[Written]:
    for given, inside in _ESCAPED.findall(text) if "<escape>" in text else ():
        if name := resolved(given, tools):
            pairs = _ESCAPED_PAIR.findall(inside)
            yield Written(name, {key: quoted or bare.strip() for key, quoted, bare in pairs})


def _objects(text: str, tools: Schemas) -> Iterator[Written]:
    """JSON: a call itself, a list of calls, or the arguments behind a name."""
    begun = 0
    for found in values_in(text):
        before, begun = text[max(begun, found.start - 200) : found.start], found.end
        behind = _BEFORE.search(before)
        name = resolved(behind[1], tools) if behind else None
        if name is not None and isinstance(found.value, Mapping) and call_of(found.value, tools) is None:
            yield Written(name, dict(found.value))
            continue
        several = found.value
        if isinstance(several, Mapping):
            several = several.get("tool_calls") or several.get("function_call") or several
        yield from (
            call
            for one in (several if isinstance(several, list) else [several])
            if (call := call_of(one, tools))
        )


def _python(text: str, tools: Schemas) -> Iterator[Written]:
    """Calls as code, alone on their lines, in a fence or between marks."""
    blocks = ["".join(found) for found in _CODE.findall(text)] or [text]
    for block in blocks:
        yield from _code(block.strip(), tools)


def _code(block: str, tools: Schemas) -> list[Written]:
    if len(block) > 20_000:
        return []
    try:
        body = ast.parse(block).body
        found = [
            call
            for statement in body
            if isinstance(statement, ast.Expr | ast.Assign)
            for call in _called(statement.value, tools)
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return []
    return found


def _called(node: ast.expr, tools: Schemas) -> Iterator[Written]:
    if isinstance(node, ast.List | ast.Tuple):
        for one in node.elts:
            yield from _called(one, tools)
        return
    if not isinstance(node, ast.Call):
        return
    name = resolved(ast.unparse(node.func), tools)
    if name is None:
        if isinstance(node.func, ast.Name) and node.func.id == "print":
            for one in node.args:
                yield from _called(one, tools)
        return
    places = list(tools[name].get("properties", {}))
    given = dict(zip(places, (ast.literal_eval(one) for one in node.args), strict=False))
    given |= {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg}
    json.dumps(given)
    yield Written(name, given)

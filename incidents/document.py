"""YAML documents that people write, read strictly: each mistake is one sentence with its path in the file.

Pure: text in, a frozen value out. Duplicate keys, unknown keys and wrong types are refused with the nearest
right name, because a typo that is ignored is a rule that silently does not hold.
"""

import re
from collections.abc import Hashable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from incidents.errors import UsageError
from incidents.forms import FORMS
from incidents.value import Value

V = TypeVar("V", bound=Value)
Location = tuple[int | str, ...]


#: A document that is nested deeper, or that unfolds to more values by its aliases, is no configuration.
DEEPEST, MOST = 100, 100_000
#: As many brackets and dashes can be nested without harm: the parser goes down on the stack of C.
_HARMLESS = 1_000
_MERGE = "tag:yaml.org,2002:merge"
#: As much of a wrong value is repeated, in characters.
_LONGEST = 120
#: How YAML's and pydantic's words are said to people.
_PLAINLY = {
    "tuple_type": "a list is expected",
    "list_type": "a list is expected",
    "model_type": "a mapping is expected",
    "model_attributes_type": "a mapping is expected",
    "dict_type": "a mapping is expected",
    "invalid_key": "a key is a text; put it in quotes",
    "string_type": "a text is expected; put it in quotes",
}


class _StrictLoader(yaml.CSafeLoader):
    """The safe loader (in C: a runbook takes 10 ms, not 200), which also refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # the base class refuses it with its line
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(text: str, *, source: str, error: type[UsageError]) -> dict[str, Any]:
    """The mapping that a YAML text holds.

    Args:
        text: the document.
        source: the file's name, for messages.
        error: what to raise.

    Raises:
        UsageError: of type `error`, with the line, if it is no YAML, no mapping, has a key twice, or is too
            deep or too large.
    """
    try:
        _not_too_deep(text)
        found = yaml.load(text, _StrictLoader)  # noqa: S506  # a subclass of the safe loader
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        tab = mark is not None and "\t" in "".join(text.splitlines()[mark.line : mark.line + 1])
        what = "a tab stands here; YAML is indented by spaces" if tab else broken.problem or broken.context
        raise error(f"{source}{place}: {what}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as broken:
        raise error(f"{source}: this is no YAML: {broken}") from None
    if found is None:
        raise error(f"{source}: nothing stands in it")
    if not isinstance(found, dict):
        raise error(f"{source}: a mapping is expected at the top, not {type(found).__name__}")
    if not _fits(found):
        raise error(f"{source}: it unfolds to more than {MOST:,} values; aliases (*name) multiply them")
    return found


def _not_too_deep(text: str) -> None:
    """Refuse what would overflow the stack; most documents cannot, and are not looked at twice."""
    if sum(map(text.count, "[{-?:")) < _HARMLESS:
        return
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")


def _fits(found: Any) -> bool:
    """Whether a document holds a bearable number of values, each alias counted where it stands."""
    left, ahead = MOST, [found]
    while ahead:
        one = ahead.pop()
        left -= 1
        if left < 0:
            return False
        if isinstance(one, dict | list):
            ahead.extend(one.values() if isinstance(one, dict) else one)
    return True


def parse_document(
    content: Mapping[str, Any], model: type[V], *, source: str, error: type[UsageError], under: str = ""
) -> V:
    """A document's content as a value.

    Args:
        content: what `read_yaml` returned, or a part of it.
        model: the value's type.
        source: the file's name, for messages.
        error: what to raise.
        under: the path of that part in the file, such as `roles.api_tester`.

    Raises:
        UsageError: of type `error`; one line for each mistake: file, path, value, what would be right.
    """
    try:
        return model.model_validate(content)
    except ValidationError as invalid:
        # Unknown keys first: one is often why another is missing.
        problems = sorted(_telling(invalid.errors()), key=lambda one: one["type"] != "extra_forbidden")
        sentences = [line for one in problems for line in _sentence(one, model, under).split("\n")]
        lines = [f"{source}: {sentence}" for sentence in sentences]
        raise error("\n".join(lines)) from None


def _telling(problems: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only follow: a list is also too short because an entry of it is wrong."""
    places = [one["loc"] for one in problems]
    return [
        one
        for one in problems
        if one["type"] != "too_short"
        or not any(place != one["loc"] and place[: len(one["loc"])] == one["loc"] for place in places)
    ]


def path_of(location: Location, under: str = "") -> str:
    """A place in a document as people write it: `teams.P1[2].role`."""
    path = under
    for part in location:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def hint(name: str, known: list[str]) -> str:
    """What somebody may have meant: `did you mean backend_architect?`, else all that is known."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


def _sentence(problem: ErrorDetails, model: type[BaseModel], under: str) -> str:
    location, kind = _resolved(model, problem["loc"], missing=problem["type"] == "extra_forbidden")
    path = path_of(location, under) or "the file"
    given, context = problem["input"], problem.get("ctx", {})
    what = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            return f"{path}: there is no such key; {hint(str(location[-1]), _keys(kind))}"
        case "missing" | "union_tag_not_found":
            return f"{path}{_tag(context)}: this is missing"
        case "enum" | "literal_error" | "union_tag_invalid":
            expected = str(context.get("expected", context.get("expected_tags", "")))
            known = re.findall(r"'([^']*)'", expected) or [expected]
            wrong = context.get("tag", given)
            return f"{path}{_tag(context)}: {wrong!r} is not allowed; {hint(str(wrong), known)}"
        case "secret":  # what was written may be the secret itself
            return f"{path}: {what}"
        case "string_pattern_mismatch" if context.get("pattern") in FORMS:
            what = f"write {FORMS[context['pattern']]}"
        case "mistakes":  # each is a line that has its path already
            return what
    what = _PLAINLY.get(problem["type"], what)
    shown = "" if isinstance(given, dict | list) or repr(given) in what else f"{_shown(given)}: "
    return f"{path}: {shown}{what if what[1:2].isupper() else what[:1].lower() + what[1:]}"


def _shown(given: Any) -> str:
    """A value as it was given, no longer than a line bears, and without the credentials of an address."""
    text = re.sub(r"//[^/\s'\"]*@", "//<credential>@", repr(given))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _tag(context: Mapping[str, Any]) -> str:
    """The key that tells the members of a union apart, where the problem is with it."""
    return "." + str(context["discriminator"]).strip("'") if "discriminator" in context else ""


def _keys(kind: Any) -> list[str]:
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _resolved(model: type[BaseModel], location: Location, missing: bool) -> tuple[Location, Any]:
    """A place as people see it, without the tags of unions, and the type that is expected there.

    Of a key that should not be there (`missing`), the type is that of what holds it.
    """
    kind: Any = model
    seen: list[int | str] = []
    for part in location[:-1] if missing else location:
        members = [m for m in _members(kind) if _tagged(m, part)]
        if members:
            kind = members[0]
            continue
        seen.append(part)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation if part in kind.model_fields else None
        elif part != "[key]":
            kind = get_args(kind)[-1 if get_origin(kind) is dict else 0] if get_args(kind) else None
        kind = _bare(kind)
    return (*seen, *location[-1:]) if missing else tuple(seen), kind


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else ()


def _tagged(member: Any, tag: int | str) -> bool:
    """Whether a member of a union carries a tag in its `kind`."""
    field = getattr(member, "model_fields", {}).get("kind")
    return field is not None and tag in get_args(field.annotation)


def _bare(kind: Any) -> Any:
    """A type without `Annotated` and without `| None`; a union of several stays one."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        left = [part for part in get_args(kind) if part is not type(None)]
        return _bare(left[0]) if len(left) == 1 else kind
    return kind

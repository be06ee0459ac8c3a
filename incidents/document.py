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
from incidents.value import Value

V = TypeVar("V", bound=Value)
Location = tuple[int | str, ...]


class _StrictLoader(yaml.CSafeLoader):
    """The safe loader (in C: a runbook takes 10 ms, not 200), which also refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
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
        UsageError: of type `error`, with the line, if it is no YAML, no mapping, or has a key twice.
    """
    try:
        found = yaml.load(text, _StrictLoader)  # noqa: S506  # a subclass of the safe loader
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise error(f"{source}{place}: {broken.problem or broken.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as broken:
        raise error(f"{source}: this is no YAML: {broken}") from None
    if not isinstance(found, dict):
        raise error(f"{source}: a mapping is expected at the top, not {type(found).__name__}")
    return found


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
        problems = sorted(invalid.errors(), key=lambda one: one["type"] != "extra_forbidden")
        lines = [f"{source}: {_sentence(one, model, under)}" for one in problems]
        raise error("\n".join(lines)) from None


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
            known = re.findall(r"'([^']*)'", str(context.get("expected", context.get("expected_tags", ""))))
            wrong = context.get("tag", given)
            return f"{path}{_tag(context)}: {wrong!r} is not allowed; {hint(str(wrong), known)}"
        case "secret":  # what was written may be the secret itself
            return f"{path}: {what}"
    shown = "" if isinstance(given, dict | list) or repr(given) in what else f"{given!r}: "
    return f"{path}: {shown}{what[:1].lower()}{what[1:]}"


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

"""What was true of a recorded incident, as a person says it; each answer is checked before it is written."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import ValidationError

from incidents.action import ActionKind
from incidents.errors import CaseError, UnknownName, UsageError
from incidents.findings import Category
from incidents.severity import Severity
from incidents.value import iso
from tools.recorded import open_case, read_truth
from tools.recorded.document import ActionTruth, Truth, explain
from tools.recorded.write import yaml_of

#: How people say that they do not know; an empty answer leaves what stands there.
UNKNOWN = "unknown"
NONE = "none"

#: The block in the file: the key at the margin, and every line below it that is indented, listed or empty.
_BLOCK = re.compile(r"^truth:.*\n?(?:(?:[ \t\-].*)?(?:\n|\Z))*", re.MULTILINE)


@dataclass(frozen=True)
class Known:
    """The names that an answer may use."""

    services: Sequence[str]
    changes: Sequence[str]


@dataclass(frozen=True)
class Question:
    """One field: how it is asked for, what may be answered, and how an answer is read."""

    name: str
    text: str
    read: Callable[[str, Known], object]
    show: Callable[[Truth], object]
    choices: Callable[[Known], Sequence[str]] = lambda _: ()


def known_of(folder: Path) -> Known:
    """The names of a case.

    Raises:
        CaseError: it breaks the format.
    """
    case = open_case(folder)
    return Known(case.catalogue.names, [change.id for change in case.recording.changes])


def answered(truth: Truth, answers: Mapping[str, str], known: Known) -> Truth:
    """The truth with some answers changed.

    Args:
        truth: as it stands.
        answers: by the question's name; `unknown` is null, an empty text changes nothing.
        known: the names of the case.

    Raises:
        UsageError: an answer cannot be used; the message names the question and what it takes.
    """
    content = truth.model_dump()
    for question in QUESTIONS:
        said = answers.get(question.name, "").strip()
        if not said:
            continue
        value = None if said == UNKNOWN else question.read(said, known)
        _put(content, question.name, value)
    try:
        return Truth.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"the truth cannot be used: {explain(error)}") from error


def write_truth(folder: Path, truth: Truth) -> None:
    """Put the truth into `case.yaml`; every other line of it stays as it is.

    Raises:
        CaseError: the case breaks the format, with this truth or without.
        UsageError: the file cannot be written.
    """
    path = folder / "case.yaml"
    read_truth(folder)
    before = path.read_text(encoding="utf-8")
    block = yaml_of({"truth": truth.model_dump(mode="json")})
    after = _BLOCK.sub(lambda _: block, before, count=1) if _BLOCK.search(before) else f"{before}\n{block}"
    if _without(before) != _without(after):
        raise CaseError(f"case.yaml of {folder.name!r}: its truth is not a block of its own; edit it by hand")
    try:
        path.write_text(after, encoding="utf-8")
        open_case(folder)
    except (CaseError, OSError) as error:
        path.write_text(before, encoding="utf-8")
        raise UsageError(f"the truth was not written: {error}") from error


def _without(text: str) -> object:
    content = yaml.safe_load(text)
    return {key: value for key, value in content.items() if key != "truth"}


def _put(content: dict[str, object], name: str, value: object) -> None:
    cause = content["cause"]
    if name in {"also_accept", "red_herrings"}:
        content[name] = value or ()
    elif name in {"right", "wrong", "harmless"}:
        actions = content["actions"] if isinstance(content["actions"], dict) else {}
        content["actions"] = actions | {name: value or ()} if value is not None else _less(actions, name)
    elif isinstance(cause, dict) and name in cause:
        content["cause"] = cause | {name: value if value is not None or name != "note" else ""}
    else:
        content[name] = value


def _less(actions: dict[str, object], name: str) -> dict[str, object] | None:
    """The lists without one; None, which is "not known", when nothing is left in them."""
    left = actions | {name: ()}
    return left if any(left.values()) else None


def _service(said: str, known: Known) -> str:
    if said not in known.services:
        raise UnknownName("service", said, known.services)
    return said


def _change(said: str, known: Known) -> str:
    if said not in known.changes:
        raise UnknownName("change", said, known.changes)
    return said


def _services(said: str, known: Known) -> tuple[str, ...]:
    names = () if said == NONE else tuple(part.strip() for part in said.split(",") if part.strip())
    return tuple(_service(name, known) for name in names)


def _herrings(said: str, known: Known) -> tuple[str, ...]:
    names = () if said == NONE else tuple(part.strip() for part in said.split(",") if part.strip())
    for name in names:
        if name not in {*known.services, *known.changes}:
            raise UnknownName("service or change", name, [*known.services, *known.changes])
    return names


def _actions(said: str, known: Known) -> tuple[dict[str, str | None], ...]:
    """`rollback checkout 1.0, restart web`; service names may hold blanks."""
    parts = [] if said == NONE else [part.strip() for part in said.split(",") if part.strip()]
    return tuple(_action(part, known) for part in parts)


def _action(said: str, known: Known) -> dict[str, str | None]:
    kind, _, rest = said.partition(" ")
    if kind not in list(ActionKind):
        raise UnknownName("kind of action", kind, list(ActionKind))
    named = [name for name in known.services if rest == name or rest.startswith(f"{name} ")]
    if not named:
        raise UsageError(
            f"{said!r} names no service of the case; write it as `rollback {known.services[0]} 1.2`"
        )
    service = max(named, key=len)
    argument = rest.removeprefix(service).strip() or None
    one = ActionTruth(kind=kind, service=service, to=argument)
    try:
        if kind != ActionKind.FEATURE_FLAG:
            _ = one.action
    except ValueError as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{said!r}: {first.removeprefix('Value error, ')}") from None
    return one.model_dump()


def _chosen(name: str, choices: Sequence[str]) -> Callable[[str, Known], object]:
    def read(said: str, _: Known) -> str:
        match = next((choice for choice in choices if choice.casefold() == said.casefold()), None)
        if match is None:
            raise UnknownName(name, said, choices)
        return match

    return read


def _yes(said: str, _: Known) -> bool:
    if said.casefold() not in {"yes", "no"}:
        raise UsageError(f"{said!r}: answer yes, no or {UNKNOWN}")
    return said.casefold() == "yes"


def _moment(said: str, _: Known) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(f"{said!r} is no time; write it as 2026-03-12T10:03:40Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"{said!r} has no zone; write it with a Z")
    return moment


def shown(value: object) -> str:
    """An answer as it is typed."""
    match value:
        case None | "":
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case datetime():
            return iso(value)
        case ActionTruth():
            return " ".join(str(part) for part in (value.kind, value.service, value.to) if part is not None)
        case tuple():
            return ", ".join(shown(one) for one in value) or NONE
        case _:
            return str(value)


_SEVERITIES = list(Severity)
_CATEGORIES = [one for one in Category if one is not Category.UNKNOWN]

#: What is asked, in this order.
QUESTIONS: tuple[Question, ...] = (
    Question("severity", "How severe was it?", _chosen("severity", _SEVERITIES),
             lambda truth: truth.severity, lambda _: _SEVERITIES),
    Question("service", "Which service was the cause?", _service,
             lambda truth: truth.cause.service, lambda known: known.services),
    Question("category", "What sort of cause?", _chosen("category", _CATEGORIES),
             lambda truth: truth.cause.category, lambda _: _CATEGORIES),
    Question("onset", "When did it begin?", _moment, lambda truth: truth.cause.onset),
    Question("change", "Which change caused it?", _change,
             lambda truth: truth.cause.change, lambda known: known.changes),
    Question("metric", "Which metric shows it at the cause?", lambda said, _: said,
             lambda truth: truth.cause.metric),
    Question("note", "In your words, what happened?", lambda said, _: said, lambda truth: truth.cause.note),
    Question("also_accept", "Which other services count as right (a, b; none)?", _services,
             lambda truth: truth.also_accept),
    Question("red_herrings", "Which services or changes only look like it (a, b; none)?", _herrings,
             lambda truth: truth.red_herrings),
    Question("right", "Which actions mend it (rollback checkout 1.0, …; none)?", _actions,
             lambda truth: truth.actions.right if truth.actions else None),
    Question("harmless", "Which actions change nothing?", _actions,
             lambda truth: truth.actions.harmless if truth.actions else None),
    Question("wrong", "Which actions make it worse?", _actions,
             lambda truth: truth.actions.wrong if truth.actions else None),
    Question("data_breach", "Was data breached?", _yes,
             lambda truth: truth.data_breach, lambda _: ("yes", "no")),
    Question("user_data", "Was users' personal data touched?", _yes,
             lambda truth: truth.user_data, lambda _: ("yes", "no")),
)  # fmt: skip

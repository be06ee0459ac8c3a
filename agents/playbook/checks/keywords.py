"""What words mean to the playbook: checks to tools, log and alert texts to hints. The words are data."""

import re
from functools import cache
from importlib import resources

from pydantic import Field

from incidents.action import ActionKind
from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError
from incidents.findings import Category
from incidents.value import Value
from incidents.verification import SignalKind


class Rule(Value):
    """Which tools can answer a check that has these words; the first that the role has is asked."""

    match: str
    tools: tuple[str, ...] = Field(min_length=1)
    kind: SignalKind | None = None
    users: bool = False
    fresh: bool = False
    external: bool = False


class LogCue(Value):
    """What a new log line with these words says about the cause."""

    match: str
    category: Category
    outright: bool = Field(default=False, description="it names what ran out, so it settles the cause")


class ResourceCue(Value):
    """Which changes help when a resource of that name is exhausted, most promising first."""

    match: str
    actions: tuple[ActionKind, ...]
    held: bool = Field(default=False, description="somebody holds it, whom a restart makes let go")
    kept: bool = Field(default=False, description="what was taken stays taken until the process ends")


class Keywords(Value):
    """The whole of `keywords.yaml`."""

    logs: tuple[LogCue, ...]
    breach: str
    user_data: str
    data_risk: str
    resources: tuple[ResourceCue, ...]
    forbidding: str
    kinds: dict[ActionKind, str]


class _Checks(Value):
    rules: tuple[Rule, ...]


def _text(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


@cache
def keywords() -> Keywords:
    """The cues that ship, read once."""
    content = read_yaml(_text("keywords.yaml"), source="keywords.yaml", error=SettingsError)
    return parse_document(content, Keywords, source="keywords.yaml", error=SettingsError)


@cache
def _rules() -> tuple[Rule, ...]:
    content = read_yaml(_text("checks.yaml"), source="checks.yaml", error=SettingsError)
    return parse_document(content, _Checks, source="checks.yaml", error=SettingsError).rules


def rule_for(check: str) -> Rule | None:
    """The rule that answers a check of the runbook, or None if its words are not known."""
    words = check.lower()
    return next((rule for rule in _rules() if re.search(rule.match, words)), None)


def says(pattern: str, *texts: str) -> bool:
    """Whether a pattern stands in one of the texts, in any case."""
    return any(re.search(pattern, text.lower()) for text in texts)


def log_cue(*texts: str) -> LogCue | None:
    """What a new log line says about the cause, or None if nothing; the first text that says so counts."""
    found = (cue for text in texts for cue in keywords().logs if says(cue.match, text))
    return next(found, None)


def log_category(line: str) -> Category | None:
    """The kind of cause that a new log line speaks for, or None if none."""
    cue = log_cue(line)
    return cue.category if cue is not None else None


def remedies(resource: str) -> tuple[ActionKind, ...]:
    """Which changes help when that resource is exhausted; a metric's name, or a log line about it."""
    return _resource(resource).actions


def is_held(resource: str) -> bool:
    """Whether somebody holds that resource, so that a restart sets it free."""
    return _resource(resource).held


def is_kept(resource: str) -> bool:
    """Whether what was taken of that resource stays taken until the process ends."""
    return _resource(resource).kept


def _resource(words: str) -> ResourceCue:
    found = (cue for cue in keywords().resources if says(cue.match, words))
    return next(found, ResourceCue(match="", actions=()))


def forbidden_kinds(texts: tuple[str, ...]) -> frozenset[ActionKind]:
    """The kinds of change that people ruled out: a word that forbids, and the kind soon after it."""
    return frozenset(
        kind
        for kind, words in keywords().kinds.items()
        if says(rf"(?:{keywords().forbidding})\W+(?:[\w'-]+\W+){{0,4}}?\b(?:{words})\b", *texts)
    )


def names(text: str, service: str) -> bool:
    """Whether a text names a service, as a word of its own."""
    # Most names stand nowhere in a text, which is told sooner: a catalogue may have thousands.
    return service in text and re.search(rf"(?<![\w-]){re.escape(service)}(?![\w-])", text) is not None


def quoted(text: str, longest: int = 120) -> str:
    """Untrusted text as a short quotation on one line."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= longest else line[: longest - 1] + '…'}”"

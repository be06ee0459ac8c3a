"""What words mean to the playbook: checks to tools, alerts to duties."""

import re
from functools import cache

from pydantic import Field

from agents.shipped import shipped
from incidents.value import Value
from incidents.verification import SignalKind
from tools.wording import unmasked


class Rule(Value):
    """Which tools can answer a check that has these words; the first that the role has is asked."""

    match: str
    tools: tuple[str, ...] = Field(min_length=1)
    kind: SignalKind | None = None
    users: bool = False
    fresh: bool = False
    external: bool = False


class Keywords(Value):
    """The whole of `keywords.yaml`."""

    breach: str
    user_data: str
    data_risk: str


class _Checks(Value):
    rules: tuple[Rule, ...]


@cache
def keywords() -> Keywords:
    """The cues that ship, read once."""
    return shipped(__package__, "keywords.yaml", Keywords)


@cache
def _rules() -> tuple[Rule, ...]:
    return shipped(__package__, "checks.yaml", _Checks).rules


def rule_for(check: str) -> Rule | None:
    """The rule that answers a check of the runbook, or None if its words are not known."""
    words = check.lower()
    return next((rule for rule in _rules() if re.search(rule.match, words)), None)


def says(pattern: str, *texts: str) -> bool:
    """Whether a pattern stands in one of the texts, in any case."""
    return any(re.search(pattern, text.lower()) for text in texts)


def names(text: str, service: str) -> bool:
    """Whether a text names a service, as a word of its own."""
    # Most names stand nowhere in a text, which is told sooner: a catalogue may have thousands.
    return service in text and re.search(rf"(?<![\w-]){re.escape(service)}(?![\w-])", text) is not None


def quoted_line(template: str, longest: int = 120) -> str:
    """A template of a log line as a short quotation, what varies in it left out."""
    return quoted(unmasked(template), longest)


def quoted(text: str, longest: int = 120) -> str:
    """Untrusted text as a short quotation on one line."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= longest else line[: longest - 1] + '…'}”"

"""Every text that a model reads: house rules, roles, tasks, notes and the brief; one file each.

A team may keep a folder of its own with the same layout (`roles/data_developer.md`, ...); its files win.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateError, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

from incidents.catalogue import Service, ServiceKind
from incidents.errors import SettingsError
from incidents.language import Language
from incidents.reports import Task
from incidents.value import iso
from prompts.text import fence, line

_NAME = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?")


def _environment() -> SandboxedEnvironment:
    # Autoescape is for HTML; a model reads plain text, and untrusted text is cleaned by the filters.
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=select_autoescape((), default_for_string=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters.update(line=line, fence=fence, iso=iso, known=_known, number=_number, cited=_cited)
    environment.filters.update(second=_second, on=_on, clock=_clock, traits=_traits)
    environment.filters.update(share=_share, times=_times, names=_names, level=_level)
    return environment


@lru_cache(maxsize=64)
def _compiled(text: str) -> Template:
    """Compiling takes far longer than filling in, and the same few texts come again and again."""
    return _environment().from_string(text)


def _known(value: object) -> str:
    """What a fact says: `unknown` for None, yes and no for truth values."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return line(value, 120)


def _second(moment: datetime) -> str:
    """A moment to the second: nobody reads a thousandth, and each digit is a token."""
    return iso(moment.replace(microsecond=0))


def _on(moment: datetime, day: datetime) -> str:
    """A moment beside a day that is told already: its date is said only if it is another one."""
    return f"{moment:%H:%M:%SZ}" if moment.date() == day.date() else _second(moment)


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def _traits(service: Service) -> str:
    """What a service is, if it is more than one of many: ` (database, user facing, owner data)`."""
    said = [
        *([line(service.kind, 40)] if service.kind is not ServiceKind.SERVICE else []),
        *(["user facing"] if service.user_facing else []),
        *([f"owner {line(service.owner, 40)}"] if service.owner else []),
    ]
    return f" ({', '.join(said)})" if said else ""


def _number(value: float | None) -> str:
    """Four digits, or all before the point: nobody quotes 2.284e+04 right."""
    if value is None:
        return "no data"
    return f"{value:.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def _share(value: float | None) -> str:
    return "no data" if value is None else f"{value * 100:.3g} %"


def _level(value: float | None, unit: str) -> str:
    return _share(value) if unit == "ratio" or value is None else f"{_number(value)} {line(unit, 20)}".strip()


def _times(value: float | None) -> str:
    return "no data" if value is None else f"{value:.3g} times its baseline"


def _names(values: tuple[str, ...], nobody: str) -> str:
    return ", ".join(line(value, 200) for value in values[:20]) or nobody


def _cited(evidence: tuple[str, ...]) -> str:
    return f" [{', '.join(line(item, 20) for item in evidence[:6])}]" if evidence else ""


@dataclass(frozen=True)
class Library:
    """The prompts: those that ship, and those of a team's own folder, which come first.

    Raises:
        SettingsError: the team's folder does not exist.
    """

    extra: Path | None = None

    def __post_init__(self) -> None:
        if self.extra is not None and not self.extra.is_dir():
            raise SettingsError(f"The folder for prompts {self.extra} does not exist")

    def load(self, name: str) -> str:
        """The text of a prompt, such as `house_rules`, `roles/api_tester`, `tasks/triage`.

        Raises:
            SettingsError: there is no such prompt, or it is empty.
        """
        found = self._find(name)
        if found is None:
            places = "prompts/" if self.extra is None else f"{self.extra} or prompts/"
            raise SettingsError(f"There is no prompt {name!r}; write it as {name}.md in {places}")
        text = found.read_text(encoding="utf-8").strip()
        if not text:
            raise SettingsError(f"The prompt {name!r} is empty; write what the model should know")
        return text

    def has_role(self, slug: str) -> bool:
        """Whether a role of that slug has a prompt."""
        return self._find(f"roles/{slug}") is not None

    def render(self, name: str, **facts: object) -> str:
        """A prompt with its placeholders filled; a placeholder without a value is an error.

        Raises:
            SettingsError: there is no such prompt, or a team's own file has a mistake.
        """
        try:
            text = _compiled(self.load(name)).render(**facts)
        except TemplateError as error:
            raise SettingsError(f"The prompt {name!r} cannot be filled in: {error}") from error
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def system_prompt(self) -> str:
        """What every role reads first, whatever it does: the house rules.

        With the brief behind it, which all roles of a step share, it is the beginning of each request of that
        step, the same to the byte: an endpoint that keeps prefixes reads it once.
        """
        return self.load("house_rules")

    def pages(
        self, role: str, task: Task, acting_as: str | None = None, tools: Sequence[str] = (),
        language: Language = Language.EN,
    ) -> str:  # fmt: skip
        """What a role reads of itself and its task, behind what all read.

        Args:
            role: the role's slug.
            task: what is asked.
            acting_as: the developer role that the Relevant Developer plays, if any.
            tools: what it can ask; a tool that needs more than its description has a page of its own.
            language: in which its report is written, where that is not the evidence's.
        """
        read = self._read(role, task, acting_as, tools, language)[1:]
        return "\n\n".join(self.load(name) for name in read)

    def version(
        self, role: str, task: Task, acting_as: str | None = None, tools: Sequence[str] = (),
        language: Language = Language.EN,
    ) -> str:  # fmt: skip
        """Twelve hex digits that change with any text that a role reads for a task, the brief's included."""
        texts = [
            self.load(name) for name in (*self._read(role, task, acting_as, tools, language), "brief", "ask")
        ]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]

    def _read(
        self, role: str, task: Task, acting_as: str | None, tools: Sequence[str], language: Language
    ) -> tuple[str, ...]:
        rules, *own = _parts(role, task, acting_as)
        # Who asks nothing needs no rules for it; the same for all who do, it stands where prefixes end.
        looking = ("looking",) if tools else ()
        pages = [f"tools/{tool}" for tool in tools]
        spoken = () if language is Language.EN else (f"languages/{language.value}",)
        found = (page for page in pages if self._find(page) is not None)
        return (rules, *looking, *own, *found, *spoken)

    def _find(self, name: str) -> Traversable | None:
        if not _NAME.fullmatch(name):
            return None
        shipped = resources.files("prompts").joinpath(f"{name}.md")
        own = None if self.extra is None else self.extra / f"{name}.md"
        if own is not None and own.is_file():
            return own
        return shipped if shipped.is_file() else None


#: What is written to be read by people, word by word; of a status update they read sentences of code.
_READ_BY_PEOPLE = frozenset({Task.BRIEF, Task.ASSESS, Task.POST_MORTEM, Task.BACKLOG})


def _parts(role: str, task: Task, acting_as: str | None) -> tuple[str, ...]:
    playing = () if acting_as is None or acting_as == role else (f"roles/{acting_as}",)
    style = ("style",) if task in _READ_BY_PEOPLE else ()
    return ("house_rules", f"roles/{role}", *playing, f"tasks/{task.value}", *style)


#: The prompts that ship.
SHIPPED = Library()

load = SHIPPED.load
has_role = SHIPPED.has_role
system_prompt = SHIPPED.system_prompt
pages = SHIPPED.pages
version = SHIPPED.version

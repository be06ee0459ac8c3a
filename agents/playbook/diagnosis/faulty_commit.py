"""The commit that an error line leads to: the place in the code that it names, and who last changed that.

A place read in a log only chooses among the files that the repository has; the commit comes from git.
"""

import re
from collections.abc import Sequence

from agents.engine import RoleContext
from agents.playbook.checks.runbook_checks import has_tool
from agents.playbook.checks.symptoms import telling_lines
from incidents.value import Value
from tools.source_code import Commit
from tools.toolbox import BLAME_LINES, LIST_FILES, LOGS, READ_FILE
from tools.toolbox.arguments import BlameArgs, FilesArgs, LogsArgs, ReadArgs

#: `app.py:15`, `File "shop/app.py", line 15`, `Foo.java:15`, `main.go:15`.
_PLACE = re.compile(r"([\w./\\-]*\w\.[A-Za-z]\w{0,4})(?:\", line |:)(\d{1,6})\b")
#: What opens a block within a function.
_WITHIN = re.compile(
    r"\W*(if|elif|else|for|while|do|try|except|catch|finally|with|switch|case|match|when|async (for|with))\b"
)
#: What opens a function, with its name or with the end of its parameters.
_OPENS = re.compile(r"\b(def|func|fun|fn|function|sub|proc)\b|\)[^()]*[:{]\s*$")
#: A longer function is looked at this far before and after the place, in lines.
_REACH = 30


class Culprit(Value):
    """The commit that last changed the function in which something fails, and what shows it."""

    commit: Commit
    place: str
    evidence: tuple[str, ...]


async def culprit(context: RoleContext, service: str) -> Culprit | None:
    """The newest commit in the function that the service's new error lines name first, if they name one.

    The sources are read as they would be released next: the place may have moved if that is not what runs.
    """
    if not all(has_tool(context, tool.name) for tool in (LOGS, LIST_FILES, READ_FILE, BLAME_LINES)):
        return None
    logs = await context.toolset.ask(LOGS, LogsArgs(service=service))
    samples = [one.sample for one in telling_lines(logs.data, context.causes)] if logs.data else []
    places = [(found[1], int(found[2])) for sample in samples for found in _PLACE.finditer(sample)]
    listed = await context.toolset.ask(LIST_FILES, FilesArgs(service=service)) if places else None
    files = listed.data.files if listed is not None and listed.data is not None else ()
    for named, line in places:
        path = _known(named, files)
        found = await _last_in(context, service, path, line) if path is not None else None
        if found is not None:
            return found.model_copy(update={"evidence": (logs.id, *found.evidence)})
    return None


def _known(named: str, files: Sequence[str]) -> str | None:
    """The file of the repository whose path ends as the place does, if that is one alone."""
    parts = named.replace("\\", "/").strip("./").split("/")
    for start in range(len(parts)):
        end = "/".join(parts[start:])
        matching = [path for path in files if path == end or path.endswith(f"/{end}")]
        if matching:
            return matching[0] if len(matching) == 1 else None
    return None


async def _last_in(context: RoleContext, service: str, path: str, line: int) -> Culprit | None:
    first = max(1, line - _REACH)
    source = await context.toolset.ask(
        READ_FILE, ReadArgs(service=service, path=path, first=first, count=2 * _REACH)
    )
    if source.data is None or not first <= line < first + len(source.data.lines):
        return None
    above, below = function_around(source.data.lines, line - first)
    asked = BlameArgs(service=service, path=path, first=first + above, last=first + below)
    answer = await context.toolset.ask(BLAME_LINES, asked)
    if answer.data is None or not answer.data.commits:
        return None
    newest = max(answer.data.commits, key=lambda one: one.at)
    return Culprit(commit=newest, place=f"{path}:{line}", evidence=(source.id, answer.id))


def function_around(lines: Sequence[str], at: int) -> tuple[int, int]:
    """The first and the last line of the function around a line, told by how far lines are indented."""
    first, depth = at, _depth(lines[at])
    for number in range(at, -1, -1):
        if number == at or (lines[number].strip() and _depth(lines[number]) < depth):
            first, depth = number, _depth(lines[number])
            if depth == 0 or (_OPENS.search(lines[number]) and not _WITHIN.match(lines[number])):
                break
    last = at
    while last + 1 < len(lines) and (not lines[last + 1].strip() or _depth(lines[last + 1]) > depth):
        last += 1
    while last > at and not lines[last].strip():
        last -= 1
    return first, last


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())

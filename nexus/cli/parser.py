"""The command line of a verb: read from the signature of its function, parsed by argparse.

A parameter says how it is typed: `by: Annotated[str, Option("--by", help="Your name.")]`. It is required
unless it has a default. A `bool` is a flag, a `list` takes several values, an enumeration names the choices.
"""

import argparse
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from functools import partial
from typing import Any, NamedTuple, NoReturn, Union, get_args, get_origin

from incidents.errors import UnknownName, UsageError

Verb = Callable[..., None]
Verbs = Mapping[str, Union[Verb, "Group"]]


class Argument(NamedTuple):
    """A value that is known by its place; `min` and `max` bound a number."""

    help: str = ""
    metavar: str | None = None
    min: int | None = None
    max: int | None = None


class Option(NamedTuple):
    """A value that is known by its name, by default the parameter's: `--by`, or `--done/--not-done`."""

    name: str = ""
    help: str = ""
    min: int | None = None
    max: int | None = None


class Group(NamedTuple):
    """Verbs under a common name; `alone` is what that name does without one of them."""

    help: str
    verbs: Verbs
    alone: Verb | None = None


def call(group: Group, words: Sequence[str], name: str) -> None:
    """Call the verb that was typed with what stands behind it; `name` is what stands before it.

    Raises:
        UsageError: there is no such verb, or it is not typed as its help says.
        SystemExit: help was printed, because it was asked for or because nothing was.
    """
    verb, rest = (words[0], words[1:]) if words else ("", ())
    found = group.verbs.get(verb)
    if isinstance(found, Group):
        call(found, rest, f"{name} {verb}")
    elif found is not None:
        found(**Parser(f"{name} {verb}", found).read(rest))
    elif verb and not verb.startswith("-"):
        raise UnknownName("verb", f"{name} {verb}", (f"{name} {known}" for known in group.verbs))
    elif group.alone is not None:
        group.alone(**Parser(name, group).read(words))
    elif words:
        Parser(name, group).read(words)
    else:
        Parser(name, group).print_help(sys.stderr)
        sys.exit(2)


class Parser(argparse.ArgumentParser):
    """Reads what is typed behind a name. Options and arguments may stand in any order."""

    def __init__(self, name: str, of: Verb | Group) -> None:
        self._width: int | None = 80  # of no matter before something is printed; to find it out imports much
        super().__init__(
            prog=name, description=_says(of), allow_abbrev=False, formatter_class=self._formatter
        )
        self._flags, self._valued = {"-h", "--help"}, set[str]()
        self._verbs = of.verbs if isinstance(of, Group) else {}
        verb = of.alone if isinstance(of, Group) else of
        if verb is None:
            self.usage = f"{name} VERB ..."
        else:
            self._add(verb)
        self._width = None

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        """The parameters of the verb with what was typed for them.

        Raises:
            UsageError: something is missing, unknown, or no value of its kind; the usage stands on stderr.
            SystemExit: the help was asked for, and is printed.
        """
        options, arguments = self._sorted(words)
        return vars(self.parse_args([*options, *(("--", *arguments) if arguments else ())]))

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed."""
        self.print_usage(sys.stderr)
        raise UsageError(f"{message}; `{self.prog} --help` says more")

    def format_help(self) -> str:
        """With the verbs of a group."""
        verbs = {name: _says(one) for name, one in self._verbs.items()}
        return super().format_help() + (f"\nverbs:\n{_table(verbs)}" if verbs else "")

    def _formatter(self, prog: str) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(prog, width=self._width)

    def _sorted(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """The options, each with its value as one word, and the arguments."""
        options: list[str] = []
        arguments: list[str] = []
        left = iter(words)
        for word in left:
            name, equals, _ = word.partition("=")
            if word == "--":
                arguments += left
            elif not word.startswith("-") or word == "-":
                arguments.append(word)
            elif name in self._valued and not equals and (value := next(left, None)) is not None:
                options.append(f"{word}={value}")  # it may begin like an option itself
            elif name in self._valued | self._flags:
                options.append(word)
            else:
                near = get_close_matches(name, self._valued | self._flags, n=1)
                self.error(f"there is no option {name}" + (f", did you mean {near[0]}?" if near else ""))
        return options, arguments

    def _add(self, verb: Verb) -> None:
        for parameter in inspect.signature(verb).parameters.values():
            kind, how = get_args(parameter.annotation)
            if isinstance(how, Argument):
                self._add_argument(parameter, kind, how)
            elif kind is bool:
                self._add_flag(parameter, how)
            else:
                self._add_option(parameter, kind, how)

    def _add_argument(self, parameter: inspect.Parameter, kind: Any, how: Argument) -> None:
        required, many = _required(parameter), get_origin(_given(kind)) is list
        self.add_argument(
            parameter.name,
            metavar=how.metavar or parameter.name.upper(),
            nargs=("+" if many else None) if required else ("*" if many else "?"),
            default=_default(parameter),
            type=_reader(kind, how),
            help=_help(how, parameter),
        )

    def _add_option(self, parameter: inspect.Parameter, kind: Any, how: Option) -> None:
        name = how.name or f"--{parameter.name.replace('_', '-')}"
        self._valued.add(name)
        self.add_argument(
            name,
            dest=parameter.name,
            metavar=_choices(kind) or name.removeprefix("--").upper(),
            action="append" if get_origin(_given(kind)) is list else "store",
            required=_required(parameter),
            default=_default(parameter),
            type=_reader(kind, how),
            help=_help(how, parameter),
        )

    def _add_flag(self, parameter: inspect.Parameter, how: Option) -> None:
        names = (how.name or f"--{parameter.name.replace('_', '-')}").split("/")
        self._flags.update(names)
        either = self.add_mutually_exclusive_group(required=_required(parameter))
        for name, action in zip(names, ("store_true", "store_false"), strict=False):
            either.add_argument(
                name,
                dest=parameter.name,
                action=action,
                default=_default(parameter),
                help=_help(how, parameter) if name == names[0] else None,
            )


def _says(of: Verb | Group) -> str:
    return of.help if isinstance(of, Group) else " ".join((of.__doc__ or "").split())


def _table(verbs: Mapping[str, str]) -> str:
    """Each verb with what it does, as wide as the terminal is."""
    import shutil
    import textwrap

    width = max(map(len, verbs)) + 4
    wrapper = textwrap.TextWrapper(shutil.get_terminal_size().columns - 2, subsequent_indent=" " * width)
    return "".join(f"{wrapper.fill(f'  {verb:<{width - 2}}{says}')}\n" for verb, says in verbs.items())


def _help(how: Argument | Option, parameter: inspect.Parameter) -> str:
    """What it is, with its bounds and its default where they say something."""
    told = [_bounds(how)] if _bounds(how) else []
    if _required(parameter) and isinstance(how, Option):
        told.append("required")
    elif default := _default(parameter):
        told.append("the default" if default is True else f"default: {default}")
    return " ".join([how.help, *([f"({', '.join(told)})"] if told else ())]).replace("%", "%%")


def _bounds(how: Argument | Option) -> str:
    if how.min is None:
        return "" if how.max is None else f"at most {how.max}"
    return f"at least {how.min}" if how.max is None else f"{how.min} to {how.max}"


def _required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty


def _default(parameter: inspect.Parameter) -> Any:
    return None if _required(parameter) else parameter.default


def _given(kind: Any) -> Any:
    """The type of what is typed: `X` of `X | None`."""
    inner = [one for one in get_args(kind) if one is not type(None)]
    return inner[0] if type(None) in get_args(kind) else kind


def _choices(kind: Any) -> str | None:
    one = _given(kind)
    return f"{{{','.join(one)}}}" if isinstance(one, type) and issubclass(one, Enum) else None


def _reader(kind: Any, how: Argument | Option) -> Callable[[str], object]:
    """What makes a value of a word; argparse tells what it refuses."""
    one = _given(kind)
    (one,) = get_args(one) if get_origin(one) is list else (one,)
    if issubclass(one, Enum):
        return partial(_member, one)
    return partial(_number, how) if one is int else one


def _member(kind: Iterable[Enum], word: str) -> Enum:
    for one in kind:
        if one.value.lower() == word.lower():
            return one
    raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(one.value for one in kind)}")


def _number(how: Argument | Option, word: str) -> int:
    try:
        number = int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number") from None
    if (how.min is not None and number < how.min) or (how.max is not None and number > how.max):
        raise argparse.ArgumentTypeError(f"{number} is not {_bounds(how)}")
    return number

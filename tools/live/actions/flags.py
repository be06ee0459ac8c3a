"""Feature flags in a file of flagd's format: a flag is switched by the variant that it has by default.

The format is that of https://flagd.dev/reference/flag-definitions/: `flags.<name>` with `state`, `variants`
and `defaultVariant`. A flag that can be switched has one variant for true and one for false.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.errors import ActionRefused, ToolFailed
from incidents.inventory import FlagState, Inventory
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.served_flags import Served, ServedFlags
from tools.live.actions.wait import until
from tools.live.secrets import Secrets
from tools.live.settings import Flags

_LARGEST = 8_000_000
_WORDS = {True: ("on", "true", "enabled"), False: ("off", "false", "disabled")}


class FlagActions:
    """The adapter for one file of flags.

    Args:
        spec: the file, the service of each flag, the flags that are fallbacks, and who serves them.
        secrets: resolves the credentials of who serves them.
        clock: when an outcome is told.
        pause: before what is served is asked again, at first.
    """

    undoes = False
    arrives_within = timedelta()  # a file is replaced or it is not
    goes_on_elsewhere = None

    def __init__(
        self, spec: Flags, secrets: Secrets, clock: Clock, pause: timedelta = timedelta(seconds=0.5)
    ) -> None:
        self._file = spec.file
        self._clock = clock
        self._fallbacks = spec.fallbacks
        self._services = {flag: service for service, flag in spec.fallbacks.items()} | spec.services
        self._served = ServedFlags(spec.served, secrets) if spec.served is not None else None
        self._pause = pause

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """Flags of the services that have one, fallbacks of those that have one."""
        return {
            ActionKind.FEATURE_FLAG: frozenset(self._services.values()),
            ActionKind.FALLBACK: frozenset(self._fallbacks),
        }

    async def plan(self, action: Action) -> Plan:
        """A dry run; raises as the port says."""
        name, wanted = self._asked(action)
        flag = self._flag(self._read(), name)
        new, now = _variant(name, flag, wanted), str(flag.get("defaultVariant"))
        if flag.get("state") != "ENABLED":
            raise ActionRefused(f"flag {name} is not in the state ENABLED; its variant has no effect")
        if now == new:
            raise ActionRefused(
                f"flag {name} of {action.service} is already {now}; there is nothing to switch"
            )
        effects = [f"flag {name} of {action.service} goes from {now} to {new} for everybody"]
        if flag.get("targeting"):
            effects.append("the flag has targeting rules, which stay and may decide otherwise for some")
        if self._served is not None:
            effects.append(f"served now at {self._served.where}: {(await self._served.flag(name)).said}")
        return Plan(
            action=action,
            observed=(Observed(name=f"flag {name}", value=now),),
            effects=tuple(effects),
            undo=self._undo(action, name, flag, now, wanted=wanted),
        )

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Write the file anew with the other variant, in one step, and wait until that is served."""
        name, wanted = self._asked(deed.plan.action)
        document = self._read()
        flag = self._flag(document, name)
        flag["defaultVariant"] = _variant(name, flag, wanted)
        effect.begin()
        self._write(document)
        return await self.found(deed) or self._outcome(f"flag {name} was not switched", done=False)

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """What the file says, and what is served; None if the file has not the variant that was asked for."""
        name, wanted = self._asked(deed.plan.action)
        flag = self._flag(self._read(), name)
        now = str(flag.get("defaultVariant"))
        if now != _variant(name, flag, wanted):
            return None
        if self._served is None:
            return self._outcome(f"flag {name} is {now}", done=True)
        asked = partial(_served_as, self._served, name, _variant(name, flag, wanted), flag["variants"])
        if (served := await until(asked, self._served.patience, self._pause)) is not None:
            return self._outcome(f"flag {name} is {now}, and is served as {served.said}", done=True)
        instead = (await self._served.flag(name)).said
        seconds = self._served.patience.total_seconds()
        return self._outcome(
            f"flag {name} is {now} in {self._file.name}, and {self._served.where} still serves {instead} "
            f"after {seconds:g} s",
            done=False,
        )

    async def inventory(self, service: str) -> Inventory:
        """The flags of a service that can be switched, and how they stand."""
        document, found = self._read(), []
        for name in (name for name, whose in self._services.items() if whose == service):
            with suppress(ActionRefused):  # the configuration names it, and the file does not
                found.append(FlagState(name=name, on=_is_on(name, self._flag(document, name))))
        return Inventory(service=service, flags=tuple(found))

    async def check(self) -> str:
        """How the flags that may be switched stand."""
        document = self._read()
        states = [f"{name} {self._flag(document, name).get('defaultVariant')}" for name in self._services]
        said = f"{self._file} has {', '.join(states) or 'no flag that may be switched'}"
        if self._served is None:
            return said
        served = [f"{name} {(await self._served.flag(name)).said}" for name in self._services]
        return f"{said}; {self._served.where} serves {', '.join(served) or 'none of them'}"

    async def aclose(self) -> None:
        """Close the connections to who serves flags."""
        if self._served is not None:
            await self._served.aclose()

    def _outcome(self, detail: str, *, done: bool) -> Outcome:
        return Outcome(done=done, detail=detail, at=self._clock.now())

    def _asked(self, action: Action) -> tuple[str, bool]:
        """The flag and what it is to be."""
        if action.kind is ActionKind.FALLBACK:
            own = self._fallbacks[action.service]
            if action.arguments.flag not in {None, own}:
                raise ActionRefused(f"the fallback of {action.service} is flag {own}")
            return own, True
        name = action.arguments.flag or ""
        if self._services.get(name) != action.service:
            own_flags = [flag for flag, service in self._services.items() if service == action.service]
            raise ActionRefused(f"{action.service} has no flag {name!r}; it has {', '.join(own_flags)}")
        return name, bool(action.arguments.enabled)

    def _undo(
        self, action: Action, name: str, flag: Mapping[str, Any], now: str, *, wanted: bool
    ) -> Action | None:
        """Switch back, where the variant of before is the one that switching back gives."""
        try:
            before = _variant(name, flag, not wanted)
        except ActionRefused:
            return None
        if before != now:
            return None
        back = Arguments(flag=name, enabled=not wanted)
        return Action(kind=ActionKind.FEATURE_FLAG, service=self._services[name], arguments=back)

    def _read(self) -> dict[str, Any]:
        try:
            with self._file.open("rb") as file:
                text = file.read(_LARGEST + 1)
            document = json.loads(text) if len(text) <= _LARGEST else None
        except OSError as error:
            raise ToolFailed(f"the flags {self._file} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise ToolFailed(f"the flags {self._file} are no JSON") from None
        if not isinstance(document, dict) or not isinstance(document.get("flags"), dict):
            raise ToolFailed(f"the flags {self._file} are not in flagd's format: there is no object `flags`")
        return document

    def _flag(self, document: Mapping[str, Any], name: str) -> dict[str, Any]:
        flag = document["flags"].get(name)
        if not isinstance(flag, dict) or not isinstance(flag.get("variants"), dict):
            raise ActionRefused(f"{self._file} has no flag {name!r} with variants")
        return flag

    def _write(self, document: Mapping[str, Any]) -> None:
        file = self._file.resolve()  # of a link, what it points to is replaced
        try:
            with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as fresh:
                json.dump(document, fresh, indent=2, ensure_ascii=False)
                fresh.write("\n")
                fresh.flush()
                os.fsync(fresh.fileno())
            made = Path(fresh.name)
            made.chmod(file.stat().st_mode & 0o7777)
            made.replace(file)
        except OSError as error:
            raise ToolFailed(f"the flags {self._file} cannot be written: {error.strerror}") from None


async def _served_as(
    server: ServedFlags, name: str, variant: str, variants: Mapping[str, Any]
) -> Served | None:
    """What is served, if it is that variant (by its name, else its value); None while not, or unanswered."""
    with suppress(ToolFailed):
        found = await server.flag(name)
        same = found.variant == variant if found.variant else found.value == variants[variant]
        return found if same else None
    return None


def _is_on(name: str, flag: Mapping[str, Any]) -> bool | None:
    """Whether its variant of now is the one for true; None where it is neither that nor the one for false."""
    states = {}
    for wanted in (True, False):
        with suppress(ActionRefused):
            states[_variant(name, flag, wanted)] = wanted
    return states.get(str(flag.get("defaultVariant")))


def _variant(name: str, flag: Mapping[str, Any], wanted: bool) -> str:
    """The variant for true or false: by its value, else by its name.

    Raises:
        ActionRefused: there is none, or more than one.
    """
    variants = flag["variants"]
    found = [one for one, value in variants.items() if value is wanted]
    found = found or [one for one in variants if one.casefold() in _WORDS[wanted]]
    if len(found) != 1:
        shown = ", ".join(map(str, variants)) or "none"
        raise ActionRefused(f"flag {name} has no single variant for {wanted}; its variants: {shown}")
    return str(found[0])

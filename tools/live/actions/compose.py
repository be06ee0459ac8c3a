"""The actions port of a live world: the adapter for a change by its kind and service, and once per key."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.catalogue import Catalogue
from incidents.errors import ActionRefused, InProgress, ToolFailed
from incidents.inventory import Inventory
from tools.action_arguments import check_arguments
from tools.clock import Clock
from tools.fence import Fence
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.adapter import Adapter, Counting, Patching
from tools.live.actions.effect import Effect
from tools.live.actions.key_lock import KeyLock
from tools.live.process import holding
from tools.redaction.redact import redact
from tools.wording import CONTROL

#: As much of a text that came from a backend is shown to people and models, in characters.
_OBSERVED, _EFFECT, _DETAIL = 300, 12_000, 1_000


class LiveActions:
    """What can change the world.

    Args:
        adapters: the ways to change it; the first that offers a kind for a service is taken.
        catalogue: the only services that can be a target.
        ledger: where it is written what was begun and what became of it.
        clock: the wall's, except in tests.
    """

    def __init__(
        self, adapters: Sequence[Adapter], catalogue: Catalogue, ledger: ActionLog, clock: Clock
    ) -> None:
        self.adapters = tuple(adapters)
        self._catalogue = catalogue
        self._ledger = ledger
        self._clock = clock

    async def plan(self, action: Action) -> Plan:
        """A dry run: the observed state, the effects, the undo. Changes nothing; texts are redacted.

        Raises:
            ActionRefused: the target or an argument is not in the inventory, or nothing here can do it.
            ToolFailed: the target does not answer.
        """
        return _clean(await self._adapter(action).plan(action))

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Do it once per key: what was begun is looked up in the real world, never done a second time.

        Raises:
            ActionRefused: as in `plan`; nothing was begun.
            StaleLease: the fence is closed; `status` says what became of it, usually nothing.
            InProgress: it is being executed right now, or what was started for it still runs.
            ToolFailed: the target does not answer; `status` says what became of it.
        """
        if (over := self._over(key, action)) is not None:
            return over
        with self._ledger.held(key) as lock, holding(lock.descriptor):
            deed = self._ledger.find(key)
            if deed is None:
                adapter = self._adapter(action)
                plan, now = _clean(await adapter.plan(action)), _read_back(self._clock.now())
                deed = ActionRecord(key=key, plan=plan, begun=now, marked=True, place=self._ledger.place)
                self._ledger.write(deed)
            elif deed.plan.action != action:
                raise ActionRefused(f"{key} stands for another change: {deed.plan.action.title}")
            elif (known := await self._known(deed, lock)) is not None:
                return known
            anew = deed.model_copy(update={"sent": None, "place": self._ledger.place})
            effect = Effect(self._ledger, anew, lock, fence, self._clock)
            try:
                outcome = await self._adapter(action).make(deed, effect)
            except ActionRefused as refused:
                if effect.record.sent is None:
                    raise
                raise ToolFailed(str(refused)) from None  # too late to say that nothing was begun
            return self._ended(effect.record, outcome)

    async def status(self, key: str) -> Outcome | None:
        """What became of that key, or None if it is proven that nothing was begun, or took no effect at all.

        Raises:
            InProgress: it is being executed right now, or what was started for it still runs.
            ToolFailed: nobody can say what became of it.
        """
        if (over := self._over(key)) is not None:
            return over
        with self._ledger.held(key) as lock, holding(lock.descriptor):
            deed = self._ledger.find(key)
            return await self._known(deed, lock) if deed is not None else None

    async def inventory(self, service: str) -> Inventory:
        """What the ways to change a service know of it, the first that knows first.

        A script or a tool that scales has no other way to tell how many run than its dry run.

        Raises:
            ToolFailed: a target does not answer.
        """
        seen = [
            await adapter.inventory(service)
            for adapter in self.adapters
            if isinstance(adapter, Counting) and any(service in served for served in adapter.offers.values())
        ]
        counts = (one.instances for one in seen if one.instances is not None)
        flags = [one.flags for one in seen if one.flags is not None]
        running = next(counts, None)
        return Inventory(
            service=service,
            instances=running if running is not None else await self._planned(service),
            flags=tuple(flag for some in flags for flag in some) if flags else None,
        )

    async def _planned(self, service: str) -> int | None:
        """What a dry run sees. One that asks for as many as run is refused: then another is tried."""
        for asked in (2, 3):
            action = Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=asked))
            with suppress(ActionRefused, ToolFailed):
                if (running := (await self.plan(action)).running) is not None:
                    return running
        return None

    async def aclose(self) -> None:
        """Let go of connections."""
        for adapter in self.adapters:
            await adapter.aclose()

    def _over(self, key: str, action: Action | None = None) -> Outcome | None:
        """An outcome that is known; without the lock, which a daemon that was started may hold for long."""
        record = self._ledger.find(key)
        same = record is not None and action in {None, record.plan.action}
        return record.outcome if record is not None and same else None

    async def _known(self, deed: ActionRecord, lock: KeyLock) -> Outcome | None:
        """What became of a key whose lock is ours, so nothing runs any more; None: proven that nothing did.

        Raises:
            ToolFailed: nobody can say, or not yet.
        """
        if deed.outcome is not None:
            return deed.outcome
        if deed.marked and deed.sent is None:
            return None
        adapter = self._adapter(deed.plan.action)
        if deed.place not in {None, self._ledger.place}:
            self._elsewhere(deed, adapter)
        found = await adapter.found(deed.model_copy(update={"ended": lock.ended()}))
        if found is not None:
            return self._ended(deed, found)
        arrives = (deed.sent or deed.begun) + adapter.arrives_within
        if self._clock.now() < arrives:
            raise ToolFailed(
                f"nothing is to be seen of it yet; a request that was cut may still take effect until "
                f"{arrives:%H:%M:%S} UTC"
            )
        return None

    def _elsewhere(self, deed: ActionRecord, adapter: Adapter) -> None:
        """Another machine began it, whose locks are not seen here: only its limit says that it is over."""
        if adapter.goes_on_elsewhere is None:
            raise ToolFailed("it was begun on another machine, and what came of it is to be seen there alone")
        over = (deed.sent or deed.begun) + adapter.goes_on_elsewhere
        if self._clock.now() < over:
            raise InProgress(
                f"{deed.key} was begun on another machine; what it started there may run until "
                f"{over:%H:%M:%S} UTC"
            )

    def _ended(self, deed: ActionRecord, outcome: Outcome) -> Outcome:
        undo = deed.plan.undo
        back = f"; to take it back: {undo.title}" if undo is not None and not outcome.done else ""
        at = _read_back(outcome.at)
        told = outcome.model_copy(update={"detail": _cut(outcome.detail, _DETAIL) + back, "at": at})
        self._ledger.write(deed.model_copy(update={"outcome": told}))
        return told

    def _adapter(self, action: Action) -> Adapter:
        service = action.service
        if self._catalogue.find(service) is None:
            known = ", ".join(self._catalogue.names)
            raise ActionRefused(f"{service!r} is not in the service catalogue; known: {known}")
        check_arguments(action)
        undo, patch = bool(action.arguments.undo), action.arguments.patch is not None
        for adapter in self.adapters:
            offered = service in adapter.offers.get(action.kind, ())
            patches = isinstance(adapter, Patching) and adapter.patches
            if offered and adapter.undoes >= undo and patches >= patch:
                return adapter
        kinds = sorted(
            {
                kind
                for adapter in self.adapters
                for kind, served in adapter.offers.items()
                if service in served
            }
        )
        others = sorted({name for adapter in self.adapters for name in adapter.offers.get(action.kind, ())})
        can = f"it can be changed by {', '.join(kinds)}" if kinds else "no change of it is configured"
        also = f"; {action.kind} is configured for {', '.join(others)}" if others else ""
        raise ActionRefused(f"nothing is configured that can {action.title}: {can}{also}")


def _read_back(moment: datetime) -> datetime:
    """A moment as it is read back: it is written to the millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _clean(plan: Plan) -> Plan:
    observed = tuple(Observed(name=fact.name, value=_cut(fact.value, _OBSERVED)) for fact in plan.observed)
    return plan.model_copy(
        update={"observed": observed, "effects": tuple(_cut(effect, _EFFECT) for effect in plan.effects)}
    )


def _cut(text: str, longest: int) -> str:
    whole = redact(CONTROL.sub("", text))
    return whole if len(whole) <= longest else f"{whole[: longest - 1]}…"

"""What a drill tries, without effect: plans of what takes changes back, destinations, backends."""

from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from incidents.changes import Change, ChangeKind
from incidents.drill import DrillStep, Part, last_of, said_of, taking_back
from incidents.errors import NexusError
from incidents.findings import Window
from nexus.config.site import Site
from nexus.home import Home
from nexus.service.check import Check, State
from nexus.service.doctor_destinations import check_destinations
from nexus.service.reach_watch import check_reach
from tools.clock import Clock
from tools.live.checks import check_backends, within
from tools.ports import World
from tools.redaction.redact import redact
from tools.wording import plain

T = TypeVar("T")

#: How far back a service's last change is looked for.
LOOKS_BACK = timedelta(days=14)
#: As much of an answer is kept, in characters.
_LONGEST = 600
_PASSED = {State.OK: True, State.BROKEN: False, State.MISSING: None}


async def change_steps(world: World, services: Sequence[str], clock: Clock) -> tuple[DrillStep, ...]:
    """For each service: the undo of its last change, and its rollback where that is another one."""
    began = clock.now()
    answer = await _answered(world.changes.changes(Window(start=began - LOOKS_BACK, end=began)))
    if isinstance(answer, str):
        tried = f"the changes of {LOOKS_BACK.days} days"
        return (_step(Part.UNDO, tried, clock, began, passed=False, said=answer),)
    return tuple([step for one in services for step in await _of(world, one, answer, clock)])


async def people_steps(home: Home, site: Site) -> tuple[DrillStep, ...]:
    """Each destination as far as it answers without a message, and whether somebody is woken at all."""
    alone = [
        site.model_copy(update={"notify": site.notify.model_copy(update={"destinations": (one,)})})
        for one in site.notify.destinations
    ]
    steps: list[DrillStep] = []
    for one in alone or [site]:
        began = home.clock.now()
        found = await check_destinations(home.settings, home.environment, one, home.secrets)
        steps += [_of_check(check, home.clock, began) for check in found]
    began = home.clock.now()
    reach = await check_reach(site, home.settings, home.secrets, home.clock)
    return (*steps, *(_of_check(check, home.clock, began) for check in reach))


async def backend_steps(home: Home, site: Site) -> tuple[DrillStep, ...]:
    """One small question to each backend, as `nexus doctor` asks it."""
    found = await check_backends(site.backends, site.catalogue, home.secrets, home.clock)
    return tuple(
        DrillStep(
            part=Part.BACKEND, tried=one.part, passed=one.answers, said=plain(redact(one.said), _LONGEST),
            seconds=one.seconds,
        )
        for one in found
    )  # fmt: skip


async def _of(world: World, service: str, changes: Sequence[Change], clock: Clock) -> list[DrillStep]:
    last, deployed = last_of(changes, service), last_of(changes, service, ChangeKind.DEPLOY)
    if last is None:
        tried, said = f"the last change of {service}", f"none in {LOOKS_BACK.days} days is recorded"
        return [_step(Part.UNDO, tried, clock, clock.now(), passed=None, said=said, service=service)]
    steps = [await _planned(world, Part.UNDO, last, clock)]
    if deployed is not None and taking_back(deployed) != taking_back(last):
        steps.append(await _planned(world, Part.ROLLBACK, deployed, clock))
    return steps


async def _planned(world: World, part: Part, change: Change, clock: Clock) -> DrillStep:
    action, began, service = taking_back(change), clock.now(), change.service
    if action is None:
        tried = f"to take {plain(redact(change.id), 80)} of {service} back"
        said = f"what was before this change ({change.kind}) is not recorded"
        return _step(part, tried, clock, began, passed=None, said=said, service=service)
    plan = await _answered(world.actions.plan(action))
    passed, said = (False, plan) if isinstance(plan, str) else (plan.undo is not None, said_of(plan))
    step = _step(part, action.title, clock, began, passed=passed, said=said, service=service)
    return step.model_copy(update={"kind": action.kind})


async def _answered(question: Awaitable[T]) -> T | str:
    """An answer, or why there is none."""
    try:
        return await within(question)
    except NexusError as error:
        return str(error)


def _of_check(check: Check, clock: Clock, began: datetime) -> DrillStep:
    said = f"{check.found}; {check.advice}" if check.advice and check.state is not State.OK else check.found
    return _step(Part.PEOPLE, check.part, clock, began, passed=_PASSED[check.state], said=said)


def _step(
    part: Part, tried: str, clock: Clock, began: datetime, *, passed: bool | None, said: str,
    service: str | None = None,
) -> DrillStep:  # fmt: skip
    seconds = max(0.0, (clock.now() - began).total_seconds())
    text = plain(redact(said), _LONGEST)
    return DrillStep(part=part, service=service, tried=tried, passed=passed, said=text, seconds=seconds)

"""What ails queues and those who live on them. Users notice late or never: an alert on the backlog tells."""

from evals.simulate.draw import scaled
from evals.simulate.faults.base import Injected, Remedy, Site, Unfit, undone, wrongs
from evals.simulate.state import Behaviour, Message, Part
from evals.simulate.system import Service
from incidents.findings import Category


def _lane(site: Site) -> tuple[Part, Service]:
    """A queue that gets messages, and who takes them."""
    queue = site.service("queue")
    delivers = next((op.delivers for op in queue.operations if op.delivers), None)
    if delivers is None:
        raise Unfit("nobody lives on that queue")
    return site.part(queue), site.world.system.by_name[delivers[0]]


def poison_message(site: Site) -> Injected:
    """A message that cannot be read kills whoever takes it, and is taken again."""
    queue, worker = _lane(site)

    def poison() -> None:
        name = site.world.identifier()
        queue.backlog.appendleft(Message(name * 2, name, site.world.env.now, poison=True))
        site.world.wake(queue)

    site.then(poison)
    return Injected(
        service=worker.name,
        category=Category.CODE,
        mechanism="poison_message",
        also=(queue.service.name,),
        told=f"{queue.service.name}: messages wait",
        harmless=(Remedy("restart", worker.name),),
        wrong=(Remedy("restart", queue.service.name), *wrongs(site, worker.name)),
        note=f"A message in {queue.service.name} cannot be read: {worker.name} dies of it again and again.",
    )


def slow_consumer(site: Site) -> Injected:
    """A release of a worker takes so long per message that the queue grows."""
    queue, worker = _lane(site)
    rate = max(0.05, site.rate(worker))
    seconds = scaled(site.rng, (2.0, 8.0)) * worker.workers * len(worker.instances) / rate / 2
    change = site.change(worker, "deploy", "Every message is checked twice")

    def turn(how: Behaviour) -> None:
        how.extra = seconds

    site.release(worker, turn)
    return Injected(
        service=worker.name,
        category=Category.DEPLOYMENT,
        mechanism="backlog",
        change=change,
        also=(queue.service.name,),
        told=f"{queue.service.name}: messages wait",
        right=undone(change),
        harmless=(Remedy("restart", worker.name), Remedy("scale", worker.name, len(worker.instances) + 1)),
        wrong=(Remedy("restart", queue.service.name), *wrongs(site, worker.name)),
        note=f"The release {change.version_to} of {worker.name} takes {seconds:.0f} s per message.",
    )

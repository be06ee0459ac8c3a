"""Which sentences may be said of a state, which must, and in which order a role wants them."""

from collections.abc import Iterable

from agents.public.catalogue import Place, said, sentences, unfilled
from agents.public.stand import Felt, PublicStand, stand_of
from incidents.communications import PublicWords
from incidents.severity import PublicStatus
from incidents.texts.sentences import slots
from tools.telemetry.facts import measure
from tools.toolset import Sources

#: What users feel while it is not over.
_HURTS = frozenset(
    {Felt.DOWN, Felt.FAILING, Felt.SLOW, Felt.FAILING_AND_SLOW, Felt.SOME, Felt.UNCHECKED, Felt.REPORTED}
)
_ENDED = frozenset({Felt.NORMAL, Felt.SAID_OVER, Felt.QUIET})


def required(stand: PublicStand) -> tuple[str, ...]:
    """The sentences without which the state would not be told: what users notice, what is done."""
    return stand.felt.value, stand.doing.value


def usual(stand: PublicStand) -> tuple[str, ...]:
    """What is said where nobody chooses, in that order."""
    found = [stand.felt.value]
    if stand.felt in _HURTS and stand.began is not None and stand.ever_felt:
        found.append("began")
    if stand.felt in _ENDED and stand.ended is not None and stand.ever_felt:
        found += ["lasted", *(["worst"] if stand.worst is not None else [])]
    if stand.felt is Felt.SO_FAR and stand.ended is not None and stand.ever_felt:
        found += ["held", *(["worst"] if stand.worst is not None else [])]
    found.append(stand.doing.value)
    if stand.same is not None:
        found.append("moved" if stand.moved else "same")
    return tuple(found)


def permitted(stand: PublicStand) -> dict[str, str]:
    """Every sentence that is true of a state by its id, filled, in the language of the team."""
    known, language = stand.slots(), stand.language
    ids = [*usual(stand), *(["sorry"] if stand.ever_felt else [])]
    return {
        identity: said(identity, known, language)
        for identity in ids
        if slots(unfilled(identity, language)) <= known.keys()
    }


def public_words(stand: PublicStand, chosen: Iterable[str] = ()) -> PublicWords:
    """What customers read: the sentences that were chosen, in that order, and all that must be said.

    Args:
        stand: the state; nothing else is told.
        chosen: ids of sentences; one that this state does not permit is passed over. None: the usual ones.
    """
    may = permitted(stand)
    wanted = [one for one in chosen if one in may] or usual(stand)
    lines: dict[Place, list[str]] = {Place.IMPACT: [], Place.ACTION: []}
    for identity in dict.fromkeys([*wanted, *required(stand)]):
        if identity not in may:
            continue  # a fact that it asks for is not known
        lines[sentences().place(identity)].append(may[identity])
    return PublicWords(
        impact=" ".join(lines[Place.IMPACT]), current_action=" ".join(lines[Place.ACTION]), down=stand.down
    )


async def measured_stand(sources: Sources) -> PublicStand:
    """How the incident stands now: measured at this moment, whatever was measured or told before."""
    incident = sources.incident
    if incident.public_status is not PublicStatus.RESOLVED:
        incident = incident.evolve(facts=await measure(sources))
    return stand_of(incident, sources.clock.now())

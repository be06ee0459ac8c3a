"""What somebody sees of the long lists: a page of each, without what is hidden from them."""

from incidents.errors import UnknownName
from nexus.service.deliveries import DeliveryFilter, DeliveryPage, DeliveryQueries, DeliveryView
from nexus.service.lists import IncidentFilter, IncidentPage, ListQueries


async def incident_page(
    queries: ListQueries, among: IncidentFilter, limit: int, after: str | None, unseen: frozenset[str]
) -> IncidentPage:
    """So many incidents at most, newest first, behind the id `after`; raises as `ListQueries.page`.

    What somebody does not see is left out where it is looked for: no place in the list tells of it.
    """
    if after in unseen:
        raise UnknownName("incident", after or "", ())
    found = await queries.page(among.model_copy(update={"without": unseen}), limit, after)
    return IncidentPage(
        items=found,
        next=found[-1].id if len(found) == limit else None,
        waiting=await queries.waiting(),
    )


async def delivery_page(
    queries: DeliveryQueries, among: DeliveryFilter, limit: int, before: int | None, unseen: frozenset[str]
) -> DeliveryPage:
    """So many deliveries at most, newest first, before the number `before`."""
    found = await queries.page(among, limit, before)
    return DeliveryPage(
        items=tuple(one for one in found if not _hidden(one, unseen)),
        next=found[-1].number if len(found) == limit else None,
    )


async def delivery_of(queries: DeliveryQueries, number: int, unseen: frozenset[str]) -> DeliveryView:
    """One delivery.

    Raises:
        UnknownName: there is none of that number (any more) that they see.
    """
    found = DeliveryView.of(await queries.find(number))
    if _hidden(found, unseen):
        raise UnknownName("delivery", str(number), ())
    return found


def _hidden(delivery: DeliveryView, unseen: frozenset[str]) -> bool:
    """Whether something of it went to an incident that is hidden."""
    return bool({delivery.incident, *(alert.incident for alert in delivery.alerts)} & unseen)

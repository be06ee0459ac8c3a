"""`inventory`: what a change needs of its target: how many run, and which flags there are to switch."""

from incidents.errors import ToolFailed
from incidents.inventory import Inventory
from tools.toolbox.arguments import ServiceArgs
from tools.toolset import Sources, Tool
from tools.wording import paragraphs


async def _ask(sources: Sources, args: ServiceArgs) -> Inventory:
    service = sources.world.catalogue.get(args.service).name
    if sources.world.inventory is None:
        raise ToolFailed(f"nothing here tells what runs of {service}")
    return await sources.world.inventory.inventory(service)


def _say(found: Inventory) -> str:
    count = "not known" if found.instances is None else str(found.instances)
    flags = ", ".join(f"{one.name} {_STATES[one.on]}" for one in found.flags or ())
    none = "not known" if found.flags is None else "none"
    return paragraphs(f"{found.service}: instances {count}.", f"Flags: {flags or none}.")


_STATES = {True: "on", False: "off", None: "(state not known)"}

INVENTORY = Tool(
    name="inventory",
    description="How many instances of one service run, and its feature flags, each on or off.",
    args=ServiceArgs,
    ask=_ask,
    say=_say,
    empty=lambda found: found.instances is None and found.flags is None,
)

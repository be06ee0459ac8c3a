"""The verb that upgrades what holds the incidents."""

import asyncio

from nexus.cli.base import environment, say, settings
from nexus.cli.live import Config
from nexus.cli.parser import Verbs


def verbs() -> Verbs:
    """The verb of this module."""
    return {"migrate": migrate}


def migrate(config: Config = None) -> None:
    """Make and upgrade the tables that hold the incidents; `serve` does so too unless told not to."""
    from nexus.config.database import database_of
    from nexus.runtime.migration import migrate as bring_up_to_date

    database = database_of(settings(), environment(), config)
    say(asyncio.run(bring_up_to_date(settings(), database)))

"""Who leads: of the processes that share a store one does what has to be done in one process of all."""

from pydantic import Field

from incidents.value import Moment, Value


class FailingJob(Value):
    """A periodic job of a site whose last run broke off; it is tried again."""

    site: str
    name: str
    tries: int = Field(description="how often in a row")
    since: Moment = Field(description="when it broke off first")
    why: str

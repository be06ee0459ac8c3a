"""What a worker needs of checkpoints, whichever database they lie in."""

from typing import Protocol

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


class Checkpoints(Protocol):
    """The threads of all incidents of a store; only the holder of an incident's lease deletes of its own.

    The head of a thread is the checkpoint that no other follows, not the one with the greatest id: ids are
    made of the clock of whoever writes (langgraph 1.2), so what a machine whose clock is behind has written
    would stand before what it followed, and never be read.
    """

    def saver(self) -> BaseCheckpointSaver[str]:
        """One for the length of a turn; it raises `StaleLease` where somebody else has gone on."""
        ...

    async def prune(self, incident: str, number: int) -> None:
        """Delete what can no longer matter while the incident waits or has ended.

        Of the thread itself the head stays, with its writes; of the finished steps nothing. The fence refuses
        whoever stands on a checkpoint that is gone. A lease that is lost deletes nothing.
        """
        ...

    async def drop(self, incident: str, number: int) -> None:
        """Delete the thread: the next turn starts at START, from the row; a lost lease deletes nothing."""
        ...


def serializer() -> JsonPlusSerializer:
    """Nothing but plain JSON is in a channel: no class of any package may come out of a checkpoint."""
    return JsonPlusSerializer(allowed_msgpack_modules=None)


def named(config: RunnableConfig) -> tuple[str, str]:
    """The thread and the namespace that a config asks for."""
    asked = config["configurable"]
    return str(asked["thread_id"]), str(asked.get("checkpoint_ns", ""))


def overtaken(why: object) -> str:
    """What a driver is told whom the fence has stopped."""
    return f"{why}; nothing of this step was kept"

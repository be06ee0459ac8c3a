"""How long an incident took to be seen, answered, mitigated and resolved."""

from incidents.value import Value


class Durations(Value):
    """In seconds; null: not known.

    Attributes:
        detect: from its onset in the signals to the first alert.
        acknowledge: from the first alert to whoever took it up, agents among them.
        mitigate: from the first alert until its signals were seen recovered.
        resolve: from the first alert until it was resolved.
    """

    detect: float | None = None
    acknowledge: float | None = None
    mitigate: float | None = None
    resolve: float | None = None

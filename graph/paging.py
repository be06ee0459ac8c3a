"""What people are called for, in the language of their incident: `graph/pages.yaml` and its translations."""

from incidents.incident import Incident
from incidents.texts import Sentences

SENTENCES = Sentences("graph", "pages")


def say(incident: Incident, key: str, /, *, count: int | None = None, **values: str) -> str:
    """A sentence, in the language of the incident."""
    return SENTENCES.said(incident.language, key, count=count, **values)

"""A document of Elasticsearch or OpenSearch with what its index adds: an envelope around what was indexed."""

from collections.abc import Iterable

from tools.alerts.body import Body
from tools.alerts.form import Envelope, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning


def _read(body: Body) -> Iterable[Item]:
    index = body.text("_index").value
    yield Envelope(body.at("_source"), NoticeDraft(Meaning.COMMENT, f"a document of {index}"))


FORMS = (
    Form(
        name="elasticsearch-document",
        product="Elasticsearch, OpenSearch documents",
        recognises=lambda body: body.names("_index") and isinstance(body.get("_source"), dict),
        read=_read,
        aliases=("opensearch-document",),
        envelope=True,
    ),
)

"""Every form of reply that is known, over HTTP, through the engine: what comes of it is what its row says."""

import pytest

from tests.agents.llm.wire.forms import Form
from tests.agents.llm.wire.matrix import FORMS, PAGE, rows, written
from tests.agents.llm.wire.reading import wrong


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
async def test_a_form_is_read_as_its_row_says(form: Form) -> None:
    assert await wrong(form) is None


def test_the_matrix_in_the_documents_lists_every_form() -> None:
    page = PAGE.read_text()
    assert written(page, rows({form.name: True for form in FORMS})) == page

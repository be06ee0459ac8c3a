"""A text in which nothing was found is remembered, one with a secret never; each find is counted."""

from tools.redaction import redact as module
from tools.redaction.redact import redact, redact_secrets, replacements
from tools.redaction.table import table

SECRET = "login failed with password=hunter2-hunter2 for dana@example.org"
PERSONAL = "mail to dana@example.org bounced 3 times"


def test_only_texts_without_a_secret_are_remembered() -> None:
    plain = "checkout 2026.11.2 answered 503 in 1.75 s, token bucket empty"
    assert redact(plain) == redact(plain) == plain
    assert (plain, True) in table().harmless
    assert redact("checkout answered 503") == "checkout answered 503"
    assert ("checkout answered 503", True) not in table().harmless  # without a sign it costs less to look
    assert "hunter2" not in redact(SECRET)
    assert redact_secrets(PERSONAL) == PERSONAL
    assert "dana@example.org" not in redact(PERSONAL)
    assert not any("hunter2" in text for text, _ in table().harmless)
    assert (PERSONAL, True) not in table().harmless


def test_what_is_taken_out_is_counted_each_time() -> None:
    for _ in range(2):
        with replacements() as found:
            redact(SECRET)
        assert sum(found.values()) == 2


def test_the_memory_is_bounded() -> None:
    table().harmless.clear()
    for number in range(module._REMEMBERED + 50):
        redact(f"token {number} of many")
    assert len(table().harmless) <= module._REMEMBERED
    redact("token" * (module._REMEMBERED_LENGTH + 1))
    assert not any(len(text) > module._REMEMBERED_LENGTH for text, _ in table().harmless)

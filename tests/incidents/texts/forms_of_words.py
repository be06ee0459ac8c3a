"""What no text for people may hold, by language and by what is wrong with it."""

import re

from incidents.language import Language

#: In whatever language.
ANY = {
    "a time of machines": r"\d{4}-\d\d-\d\dT\d\d:\d\d",
    "a value that nobody filled": r"\{\w*\}|\bNone\b",
    "two spaces": r"\S  +\S",
    "a space before a mark": r"\w [,.;!?](?=\s|$)",
    "a full stop too many": r"\.\.(?!\.)|;\.|: \.",
}
#: Words that are of no other language of ours: a sentence that holds one was not translated whole.
_ENGLISH = (
    "the", "and", "of", "is", "are", "were", "by", "not", "known", "with", "about", "since", "what",
    "it",
)  # fmt: skip
#: In the languages that write `12,5 %`.
_COMMA = {
    "a decimal point": r"(?<![\d.:])\d+\.\d{1,2}(?![\d.:])",
    "a share without its space": r"\d%",
    "a word that was not translated": rf"(?i)\b(?:{'|'.join(_ENGLISH)})\b",
    "a quotation mark of a typewriter": r"\"",
}
FORBIDDEN = {
    Language.EN: ANY,
    Language.DE: ANY | _COMMA | {
        "a doubled word": r"\b((?!die\b|der\b|das\b|sie\b)[^\W\d]{2,}) \1\b",
        "a preposition that stands twice": r"\b(?:seit|um|am|bis) (?:seit|um|am)\b",
    },
    Language.FR: ANY | _COMMA | {
        "a doubled word": r"\b((?!nous\b|vous\b)[^\W\d]{2,}) \1\b",
        "what is one word": r"\b(?:de|à) (?:le|les)\b",
        "an elision that is missing": r"(?i)(?<!-)\b(?:de|que|ne|se|le|la|je|ce) (?!onze\b)[aeiouyàâéèêîôœ]",
        "an apostrophe of a typewriter": r"\w'\w",
        "a mark without its space": r"[^\s\u00a0\u202f][;!?]|[^\W\d]:(?=\s)",
        "a space that breaks before a mark": r" [;:!?»]",
    },
}  # fmt: skip


def wrong(text: str, language: Language) -> list[tuple[str, str]]:
    """What is wrong with a text, each with where; a command in backticks is in no language."""
    text = re.sub(r"`[^`]+`", "`x`", text)
    return [
        (what, found[0]) for what, form in FORBIDDEN[language].items() if (found := re.search(form, text))
    ]

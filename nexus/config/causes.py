"""The cause cards that ship, read once."""

from functools import cache
from importlib import resources

from incidents.causes import Causes
from incidents.document import parse_document, read_yaml
from incidents.errors import SettingsError

FILE = "causes.yaml"


@cache
def shipped_causes() -> Causes:
    """The cards of `nexus/causes.yaml`; a team's own come before them (`Causes.with_own`)."""
    text = (resources.files("nexus") / FILE).read_text(encoding="utf-8")
    content = read_yaml(text, source=FILE, error=SettingsError)
    return parse_document(content, Causes, source=FILE, error=SettingsError)

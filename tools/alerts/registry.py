"""All forms, and how a body finds its own."""

import pkgutil
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import import_module

from incidents.errors import AlertError
from tools.alerts import senders
from tools.alerts.body import Body, plain_word
from tools.alerts.cleaning import clean
from tools.alerts.form import Form
from tools.alerts.senders.deployment import DEPLOYMENT
from tools.alerts.senders.generic import GENERIC
from tools.alerts.senders.nexus import NEXUS


@lru_cache(maxsize=1)
def all_forms() -> tuple[Form, ...]:
    """Every sender's form, by name; those that read by meaning and Nexus's own are the last."""
    modules = (
        import_module(f"{senders.__name__}.{one.name}") for one in pkgutil.iter_modules(senders.__path__)
    )
    forms = [form for module in modules for form in getattr(module, "FORMS", ())]
    return (*sorted(forms, key=lambda form: form.name), DEPLOYMENT, NEXUS, GENERIC)


@lru_cache(maxsize=1)
def _envelopes() -> tuple[Form, ...]:
    return tuple(form for form in all_forms() if form.envelope)


def forms_named(name: str, custom: Sequence[Form] = ()) -> tuple[Form, ...]:
    """The forms of a sender's name or alias, written in any case and with any joints; the exact one first.

    Raises:
        AlertError: there is none of this name.
    """
    wanted, known = plain_word(name), (*custom, *all_forms())
    exact = [form for form in known if plain_word(form.name) == wanted]
    aliased = [form for form in known if wanted in {plain_word(alias) for alias in form.aliases}]
    if not exact and not aliased:
        names = ", ".join(form.name for form in known)
        raise AlertError(f"there is no alert form {clean(name, 40)!r}; known: {names}")
    return tuple(dict.fromkeys((*exact, *aliased)))


def form_of(body: Body, named: Sequence[Form] = (), custom: Sequence[Form] = ()) -> Form:
    """The form of a body: of those that the sender named, else of all; else it is read by meaning."""
    known = (form for form in (*named, *custom, *all_forms()) if form.recognises(body))
    form = next(known, named[0] if named else GENERIC)
    return replace(GENERIC, name=named[0].name) if named and form is GENERIC else form


def envelope_of(body: Body) -> Form | None:
    """The envelope that a body is, whichever sender is named."""
    return next((form for form in _envelopes() if form.recognises(body)), None)


def product_of(name: str) -> str:
    """What people call the tool of a form, without which door of it that is; one's own has its name."""
    product = next((form.product for form in all_forms() if form.name == name), name)
    return re.split(r",| Webhooks| workflows| Events", product)[0]

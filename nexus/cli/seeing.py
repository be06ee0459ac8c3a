"""What whoever types does not see: their own token says who they are, as everywhere.

Whoever can read the home can read all of it; this keeps from the eyes of a person what a server does not show
them either.
"""

import getpass
import importlib
from contextlib import suppress
from typing import TYPE_CHECKING

from incidents.errors import UnknownName
from nexus.cli.base import answered, home, settings

if TYPE_CHECKING:
    from incidents.actor import Actor

#: The service under which a keyring holds a person's token: `keyring set nexus NAME`.
KEYRING = "nexus"


def unseen() -> frozenset[str]:
    """The ids of the incidents of this home that whoever's token is kept does not see; without one none."""
    token = kept_token(None)
    if token is None:
        return frozenset()
    from nexus.service.restricting import hidden_by_token

    with home(threads=False) as opened:
        return answered(hidden_by_token(opened, token))


def require_seen(identity: str) -> None:
    """Answer who does not see an incident as if it were not there.

    Raises:
        UnknownName: they do not see it.
    """
    if identity in unseen():
        raise UnknownName("incident", identity, ())


def require_seen_by(actor: "Actor", identity: str) -> None:
    """As `require_seen`, for somebody who showed who they are; where a name is enough nothing is hidden."""
    if not actor.authenticated:
        return
    from nexus.service.restricting import require_visible

    with home(threads=False) as opened:
        answered(require_visible(opened.store, actor, identity))


def kept_token(name: str | None) -> str | None:
    """The token of the environment, or of this user's keyring; None: neither holds one."""
    kept = settings().token
    return kept.get_secret_value() if kept is not None else _in_keyring(name)


def _in_keyring(name: str | None) -> str | None:
    """What the keyring of this user holds, if the package is installed and it can be opened."""
    try:
        keyring, errors = importlib.import_module("keyring"), importlib.import_module("keyring.errors")
    except ImportError:
        return None
    with suppress(errors.KeyringError):
        found: str | None = keyring.get_password(KEYRING, name or getpass.getuser())
        return found
    return None

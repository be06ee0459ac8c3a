"""Which certificates are trusted."""

import ssl
from functools import cache

import httpx2


@cache
def system_trust() -> ssl.SSLContext:
    """What a client trusts unless told otherwise; each would load it anew, for a twentieth of a second."""
    return httpx2.create_ssl_context(trust_env=False)

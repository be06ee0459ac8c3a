"""Requests over real sockets, as patient as everything else here, and without TLS.

A plain `httpx2.get` gives up after five seconds, which a busy machine takes, and reads all certificates of
the machine first, for 25 ms of a core.
"""

import ssl
from functools import partial

import httpx2

from tests.patience import PATIENCE

_NOBODY_TRUSTED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

get = partial(httpx2.get, timeout=PATIENCE, verify=_NOBODY_TRUSTED)
post = partial(httpx2.post, timeout=PATIENCE, verify=_NOBODY_TRUSTED)
put = partial(httpx2.put, timeout=PATIENCE, verify=_NOBODY_TRUSTED)

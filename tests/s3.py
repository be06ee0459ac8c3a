"""A server that speaks S3's protocol, with one bucket."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from moto.server import ThreadedMotoServer

from tests import patient

BUCKET = "bucket"


@contextmanager
def s3_server() -> Iterator[str]:
    """Its address; it ends with the block."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        patient.put(f"{address}/{BUCKET}").raise_for_status()
        yield address
    finally:
        server.stop()


def s3_options(address: str) -> dict[str, str]:
    """What `store.files_options` says of it."""
    return {"endpoint_url": address, "key": f"key-{uuid4().hex}", "secret": "a-secret-of-the-bucket"}

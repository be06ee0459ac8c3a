"""Asks an instance which version it runs."""

import json
import urllib.error
import urllib.request


def version_at(port: int) -> str | None:
    """The version that the process at a port reports, or None if it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as response:
            version: str = json.load(response)["version"]
            return version
    except (OSError, urllib.error.URLError):
        return None

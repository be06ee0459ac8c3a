"""Feature flags in a JSON file of the OpenFeature format (https://flagd.dev/reference/flag-definitions/)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Flags:
    """The flags of one run; a service sees a change with its next request.

    Args:
        file: `{"flags": {NAME: {"state": …, "variants": …, "defaultVariant": …}}}`.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = 0
        self._flags: dict[str, dict[str, Any]] = {}

    def on(self, name: str) -> bool:
        """Whether a flag is enabled and its default variant is true; a flag that is not there is off."""
        changed_at = self._file.stat().st_mtime_ns if self._file.exists() else 0
        if changed_at != self._read_at:
            self._flags = json.loads(self._file.read_text())["flags"] if changed_at else {}
            self._read_at = changed_at
        flag = self._flags.get(name)
        return (
            flag is not None
            and flag["state"] == "ENABLED"
            and flag["variants"][flag["defaultVariant"]] is True
        )

    def write(self, values: Mapping[str, bool]) -> None:
        """Makes the file say so; flags that are not named keep their value."""
        known = json.loads(self._file.read_text())["flags"] if self._file.exists() else {}
        for name, on in values.items():
            known[name] = {
                "state": "ENABLED",
                "variants": {"on": True, "off": False},
                "defaultVariant": "on" if on else "off",
            }
        fresh = self._file.with_suffix(".next")
        fresh.write_text(json.dumps({"flags": known}, indent=2) + "\n")
        fresh.replace(self._file)

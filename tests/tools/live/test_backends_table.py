"""docs/backends.md has a row for every kind of backend that `nexus.yaml` can name."""

import re
from pathlib import Path
from typing import get_args

from tools.live.settings import ActionSpec, ChangeSpec, HealthSpec, LogSpec, MetricSpec, TraceSpec

PAGE = Path(__file__).parents[3] / "docs" / "backends.md"
PARTS = {
    "logs": get_args(get_args(LogSpec)[0]),
    "traces": get_args(get_args(TraceSpec)[0]),
    "changes": get_args(get_args(ChangeSpec)[0]),
    "actions": get_args(get_args(ActionSpec)[0]),
    "health": get_args(get_args(HealthSpec)[0]),
    "metrics": get_args(get_args(MetricSpec)[0]),
}


def test_every_kind_has_a_row_that_says_on_what_it_was_tried() -> None:
    rows = [
        re.split(r" *\| *", line.strip("| \n")) for line in PAGE.read_text().splitlines() if line[:1] == "|"
    ]
    told = {row[1]: row[3] for row in rows}
    for part, specs in PARTS.items():
        for spec in specs:
            (kind,) = get_args(spec.model_fields["kind"].annotation)
            tried = told.get(f"{part}: `{kind}`", "")
            assert tried.split(" ")[0] in {"real", "emulator", "stand-in", "documents"}, f"{part}: {kind}"

"""A recorded incident as a world: the ports answer from a folder in the recording format."""

from tools.recorded.alerts import RecordedAlerts
from tools.recorded.case import Case, CaseAlert, open_case, read_truth
from tools.recorded.document import Truth
from tools.recorded.world import recorded_world

__all__ = ["Case", "CaseAlert", "RecordedAlerts", "Truth", "open_case", "read_truth", "recorded_world"]

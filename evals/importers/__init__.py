"""Public data sets as recorded incidents: `nexus import KIND SOURCE DIR`."""

from evals.importers.base import Imported, Kind, import_all, kind_of

__all__ = ["Imported", "Kind", "import_all", "kind_of"]

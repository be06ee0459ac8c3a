"""A release of checkout that cannot start: it reads a setting that its configuration does not have."""

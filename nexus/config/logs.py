"""How the log looks: one plain line for each event, never the locals of a frame, which may hold secrets."""

import sys

import structlog

from tools.redaction.redact import redact


def log_plainly(level: int) -> None:
    """Send events of a level and above to stderr, with times in UTC; an error's traceback is text alone."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
            lambda _logger, _method, line: redact(str(line)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )

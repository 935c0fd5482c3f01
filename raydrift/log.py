"""Events, for whoever reads logs: the standard ``logging``, under the logger ``raydrift``.

Nothing is configured here: without a handler of the user's, nobody is told.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from raydrift.paths.secrecy import redacted
from raydrift.text import printable, printable_json

LOGGER: Final = logging.getLogger("raydrift")
LOGGER.addHandler(logging.NullHandler())  # else warnings would go to standard error

_NO_FACTS: Final = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
"""Attributes of every record; Ray adds some that begin with a line."""


def log_event(level: int, event: str, message: str, **facts: Any) -> None:
    """Logs an event, without credentials.

    Args:
        level: One of ``logging``'s levels.
        event: Its kind, in a word.
        message: What happened, for people.
        facts: The same for machines; each is an attribute of the log record.
    """
    if LOGGER.isEnabledFor(level):
        shown = {name: _redacted(value) for name, value in facts.items() if value is not None}
        LOGGER.log(level, "%s", printable(redacted(message)), extra={"event": event} | shown)


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (ISO 8601, UTC), level, message, and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        facts = (name for name in vars(record) if name not in _NO_FACTS and name[0] != "_")
        line |= {name: getattr(record, name) for name in facts}
        if record.exc_info:
            line["error"] = redacted(self.formatException(record.exc_info))
        return printable_json(json.dumps(line, ensure_ascii=False, default=str))


def _redacted(value: object) -> object:
    return redacted(value) if isinstance(value, str) else value

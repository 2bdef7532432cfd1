"""Structured logs: one JSON object a line, with numbers and names, never a word of what was sent."""

from __future__ import annotations

import json
import logging
import traceback
from types import TracebackType
from typing import Any, TextIO

LOGGER = logging.getLogger("detector.server")
_DEEPEST = 12  # frames of a traceback


def log(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log ``event`` with ``fields``, which hold no text of users."""
    LOGGER.log(level, event, extra={"fields": fields})


def where(trace: TracebackType | None) -> list[str]:
    """Return the places of a traceback, innermost last, without the values or the message."""
    stack = traceback.extract_tb(trace)[-_DEEPEST:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in stack]


class JsonLines(logging.Formatter):
    """A log record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception only its type and place, because its message may quote a text."""
        line: dict[str, Any] = {"time": round(record.created, 3), "level": record.levelname.lower()}
        if record.exc_info:
            kind, _, trace = record.exc_info
            line |= {"event": "bug", "exception": kind.__name__ if kind else "", "where": where(trace)}
        else:
            line["event"] = record.getMessage()
        return json.dumps(line | getattr(record, "fields", {}))


def start_logs(stream: TextIO) -> None:
    """Send our logs, and the warnings of uvicorn, asyncio and Python, to ``stream``."""
    logging.captureWarnings(True)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    for name, level in (
        (LOGGER.name, logging.INFO),
        ("uvicorn", logging.WARNING),
        ("asyncio", logging.WARNING),
        ("py.warnings", logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False

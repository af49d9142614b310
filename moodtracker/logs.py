"""What is written to the log: one line for each thing that matters, no trace, no mood."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

Format = Literal["plain", "json"]

# The request that is being answered, by its id; what is logged meanwhile carries it.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class _Plain(logging.Formatter):
    """For a person at a terminal.

    An exception is told by its kind and place alone: its text may quote a person.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname.lower()} {_words(record)}"
        if about := request_id.get():
            line += f" [{about}]"
        return " ".join(line.splitlines())


class _Json(logging.Formatter):
    """For a program that collects logs: one object on each line."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": " ".join(_words(record).splitlines()),
        }
        if about := request_id.get():
            told["request"] = about
        return json.dumps(told)  # in ASCII, so that nothing in it can end the line


def _words(record: logging.LogRecord) -> str:
    words = record.getMessage()
    if isinstance(record.msg, BaseException) and not record.name.startswith("uvicorn"):
        words = "an error in a page"
    elif record.name == "asyncio":
        words = words.splitlines()[0]  # the others show a task with what was in it
    if record.exc_info and record.exc_info[0]:
        words += f" ({record.exc_info[0].__name__}{_place(record)})"
    return words


def _place(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    return f" in {code.co_name}, line {trace.tb_lineno}"


def configure(level: int = logging.INFO, form: Format = "plain") -> None:
    """Log what is at least of this level to standard error, in one line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Plain())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("apscheduler", "alembic", "uvicorn", "httpx", "asyncio", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

"""What is written to the log: one line for each thing that matters, no trace, no mood."""

import logging
import sys


class _OneLine(logging.Formatter):
    """Tells of an exception by its kind and place alone: its text may quote a person."""

    def format(self, record: logging.LogRecord) -> str:
        words = record.getMessage()
        if isinstance(record.msg, BaseException) and not record.name.startswith("uvicorn"):
            words = "an error in a page"
        elif record.name == "asyncio":
            words = words.splitlines()[0]  # the others show a task with what was in it
        line = f"{self.formatTime(record)} {record.levelname.lower()} {words}"
        if record.exc_info and record.exc_info[0]:
            line += f" ({record.exc_info[0].__name__}{_place(record)})"
        return " ".join(line.splitlines())


def _place(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    return f" in {code.co_name}, line {trace.tb_lineno}"


def configure(level: int = logging.INFO) -> None:
    """Log what is at least of this level to standard error, in one line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("apscheduler", "alembic", "uvicorn", "httpx", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

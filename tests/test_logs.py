import asyncio
import gc
import io
import json
import logging
import sys
from datetime import datetime

import pytest

from moodtracker import logs
from support.loops import run

SECRET = "dear diary"
CHATTY = ("apscheduler", "alembic", "uvicorn", "httpx", "asyncio")


@pytest.fixture
def said(monkeypatch):
    """Configures the log; returns a function that tells what it said. Puts all back at the end."""
    root, written = logging.getLogger(), io.StringIO()
    before = root.level, root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    for handler in before[1]:
        root.removeHandler(handler)  # pytest's own: `configure` would close them
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(sys, "stderr", written)
        logs.configure()
    yield written.getvalue
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def log():
    return logging.getLogger("moodtracker.somewhere")


def fail(text=SECRET):
    raise ValueError(text)


def test_a_message_is_one_line_with_time_and_level(said, log):
    log.warning("%d mails wait", 3)
    line = said()
    assert line.endswith(" warning 3 mails wait\n")
    assert line.startswith("20")


def test_an_exception_is_told_by_kind_and_place_in_one_line_without_its_text(said, log):
    try:
        fail()
    except ValueError:
        log.exception("a page failed")
    line = said()
    assert "a page failed (ValueError in fail, line " in line
    assert_one_line(line)


def test_an_exception_as_the_message_itself_is_not_quoted(said, log):
    try:
        fail()
    except ValueError as error:
        log.exception(error)  # noqa: TRY401 - as NiceGUI does
    line = said()
    assert "an error in a page (ValueError in fail" in line
    assert_one_line(line)


def test_an_exception_as_the_message_without_a_trace_is_not_quoted(said, log):
    log.error(ValueError(SECRET))
    assert_one_line(said())


def test_the_exceptions_that_led_to_an_exception_are_not_quoted(said, log):
    def lead():
        try:
            fail()
        except ValueError as error:
            raise KeyError(SECRET) from error

    try:
        lead()
    except KeyError:
        log.exception("a page failed")
    line = said()
    assert "(KeyError in lead" in line
    assert_one_line(line)


def test_an_exception_that_was_never_raised_has_no_place(said, log):
    log.error("a page failed", exc_info=ValueError(SECRET))
    line = said()
    assert line.endswith("a page failed (ValueError)\n")


def test_no_exception_at_hand_is_no_matter(said, log):
    log.error("a page failed", exc_info=True)
    assert said().endswith(" error a page failed\n")


def test_the_stack_is_not_told(said, log):
    log.error("a page failed", stack_info=True)
    assert_one_line(said())


@pytest.mark.parametrize(
    "character",
    ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028"],
    ids=ascii,
)
def test_no_message_can_forge_a_second_line(said, log, character):
    log.warning("unknown name: %s", f"x{character}2026-11-24 warning forged")
    assert len(said().splitlines()) == 1


def test_the_exception_of_a_task_that_nobody_awaited_is_not_quoted(said):
    async def lose():
        async def forgotten():
            fail()

        task = asyncio.create_task(forgotten())
        await asyncio.wait([task])
        del task
        gc.collect()

    run(lose())
    assert_one_line(said())


def test_details_are_left_out(said, log):
    log.debug("detail")
    for name in CHATTY:
        logging.getLogger(name).info("detail")
    assert said() == ""


def test_a_command_may_leave_out_more(said, log):
    logging.getLogger().handlers[:] = []
    logs.configure(logging.WARNING)
    assert not log.isEnabledFor(logging.INFO)
    assert log.isEnabledFor(logging.WARNING)


def test_warnings_of_the_libraries_are_told(said):
    for name in CHATTY:
        logging.getLogger(name).warning("trouble in %s", name)
    assert len(said().splitlines()) == len(CHATTY)


def test_what_is_logged_while_a_request_is_answered_carries_its_id(said, log):
    token = logs.request_id.set("3f9a12bc")
    log.warning("trouble")
    logs.request_id.reset(token)
    log.warning("trouble elsewhere")
    assert [line.partition("warning ")[2] for line in said().splitlines()] == [
        "trouble [3f9a12bc]",
        "trouble elsewhere",
    ]


# As JSON


@pytest.fixture
def objects(said):
    """The log as JSON; returns a function that tells its objects."""
    written = logging.getLogger().handlers[0].stream
    logging.getLogger().handlers[:] = []
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(sys, "stderr", written)
        logs.configure(form="json")
    return lambda: [json.loads(line) for line in said().splitlines()]


def test_a_message_as_json_is_an_object_on_a_line(objects, log):
    token = logs.request_id.set("3f9a12bc")
    log.warning("%d mails\nwait \u2028 here", 3)
    logs.request_id.reset(token)
    (told,) = objects()
    assert datetime.fromisoformat(told.pop("time")).tzinfo
    assert told == {
        "level": "warning",
        "logger": "moodtracker.somewhere",
        "message": "3 mails wait   here",
        "request": "3f9a12bc",
    }


def test_an_exception_as_json_is_told_by_kind_and_place_alone(objects, log):
    try:
        fail()
    except ValueError as error:
        log.exception("a page failed")
        log.exception(error)  # noqa: TRY401 - as NiceGUI does
    first, second = objects()
    assert first["message"].startswith("a page failed (ValueError in fail, line ")
    assert second["message"].startswith("an error in a page (ValueError in fail, line ")
    assert SECRET not in json.dumps([first, second])


def assert_one_line(told):
    assert len(told.splitlines()) == 1
    assert SECRET not in told
    assert "Traceback" not in told

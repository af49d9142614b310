"""`kill -9` at every step and at random: no board is lost, and few are doubled (Y3, Y6).

The long form is MOODTRACKER_TEST_KILLS=50, for one and for four workers.
"""

import os
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from moodtracker.mail.queue import LEASE
from moodtracker.models import SealedYearRow, UserRow
from support.workers import Nursery, Workers

KILLS = int(os.environ.get("MOODTRACKER_TEST_KILLS", "3"))
WAIT_SECONDS = 120 if KILLS < 10 else 600
STEPS = ("connect", "ehlo", "mail", "rcpt", "content", "taken")


@pytest.fixture(scope="module")
def nursery():
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def workers(nursery, database_url, tmp_path, mail_server):
    made = Workers(nursery, tmp_path, database_url, mail_server.port)
    yield made
    made.kill()


def close_years(database, people):
    """So many people with a closed year whose mail is due."""
    now = datetime.now(UTC) - timedelta(hours=1)
    with database.write() as session:
        for number in range(1, people + 1):
            session.add(
                UserRow(
                    username=f"p{number}",
                    email=f"p{number}@example.org",
                    email_verified_at=now,
                    first_name="Ada",
                    zone="UTC",
                    created_at=now,
                )
            )
            session.flush()
            session.add(
                SealedYearRow(
                    user_id=number,
                    year=2025,
                    zone="UTC",
                    moods='[["2025-12-31", 1, 4, "2025-12-31T12:00:00+00:00"]]',
                    state="pending",
                    sealed_at=now,
                    due_at=now,
                    next_try_at=now,
                    message_id=f"<year-2025.{number}@example.org>",
                )
            )
    return {f"p{number}@example.org" for number in range(1, people + 1)}


def unsent(database):
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM sealed_years WHERE state <> 'sent'"))


def await_sent(database):
    wait_until(lambda: unsent(database) == 0)


def wait_until(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_loses_nothing(database, mail_server, workers, step):
    everybody = close_years(database, 3)
    killed = threading.Event()

    def kill_at(stage):
        if stage == step and not killed.is_set():
            workers.kill()
            killed.set()

    mail_server.behaviour.at_stage = kill_at
    workers.start()
    assert killed.wait(WAIT_SECONDS)
    workers.pass_time(LEASE + timedelta(minutes=1))
    workers.start()
    await_sent(database)
    assert set(mail_server.recipients()) == everybody
    assert mail_server.doubled() == (1 if step == "taken" else 0)


def test_a_worker_killed_between_the_last_250_and_its_mark_doubles_that_one_mail(
    database, mail_server, workers
):
    """The one window that SMTP leaves open (Y6)."""
    everybody = close_years(database, 3)
    killed = threading.Event()

    def hold_the_mark(stage):
        if stage != "taken" or killed.is_set():
            return
        mail_server.behaviour.at_stage = lambda _: None
        held = threading.Event()
        threading.Thread(target=hold, args=(held,)).start()
        assert held.wait(WAIT_SECONDS)

    def hold(held):
        with database.write() as session:  # nobody else can write meanwhile
            is_sqlite = database.is_sqlite  # where a transaction locks all
            lock = "SELECT 1" if is_sqlite else "LOCK TABLE sealed_years IN EXCLUSIVE MODE"
            session.execute(text(lock))
            held.set()
            time.sleep(1)  # in which the 250 arrives
            workers.kill()
        killed.set()

    mail_server.behaviour.at_stage = hold_the_mark
    workers.start()
    assert killed.wait(WAIT_SECONDS)
    workers.pass_time(LEASE + timedelta(minutes=1))
    workers.start()
    await_sent(database)
    assert set(mail_server.recipients()) == everybody
    assert mail_server.doubled() == 1


@pytest.mark.parametrize("count", [1, 4])
def test_kills_at_random_lose_nothing_and_double_at_most_one_mail_a_connection(
    database, mail_server, workers, count
):
    chance = random.Random(f"{count} {KILLS}")
    everybody = close_years(database, 6 + 4 * KILLS * count)
    kills = 0
    workers.start(count)
    while kills < KILLS and unsent(database):
        before = len(mail_server.taken)
        wait_until(lambda before=before: len(mail_server.taken) > before or not unsent(database))
        time.sleep(chance.random() / 4)
        workers.kill()
        kills += 1
        workers.pass_time(LEASE + timedelta(minutes=1))
        workers.start(count)
    await_sent(database)
    assert set(mail_server.recipients()) == everybody
    copies = mail_server.doubled()
    assert copies <= kills * count
    print(f"{count} worker(s), {kills} kills, {len(everybody)} mails: {copies} doubled, 0 lost")
    assert Counter(mail_server.recipients()).most_common(1)[0][1] <= 1 + kills


def test_with_no_kill_none_is_doubled(database, mail_server, workers):
    everybody = close_years(database, 24)
    workers.start(4)
    await_sent(database)
    assert sorted(mail_server.recipients()) == sorted(everybody)

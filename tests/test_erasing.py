"""A closed year is erased when its person has all of it, and never unannounced (Y5, Y5a)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest
from sqlalchemy import select, text

from moodtracker import erasing
from moodtracker.accounts import sessions
from moodtracker.models import SealedYearRow, sealed_years
from moodtracker.moods import Mood
from moodtracker.preferences import Preferences
from support.year_end import KEEP, make_closed_years, make_year_end

pytestmark = pytest.mark.splits

DAY = timedelta(days=1)


@pytest.fixture
def year_end(database, mail_server):
    return make_year_end(database, mail_server.port)


@pytest.fixture
def closed_years(database):
    return make_closed_years(database)


@pytest.fixture
def write(diary, database, moved_clock):
    """Writes a mood on some day, with a note or without."""

    def record(who, day, note=""):
        moved_clock.moment = datetime.combine(day, time(12), UTC)
        again = sessions.find(database, sessions.open_session(database, who.person.id))
        diary.record(again, day, Mood.GOOD, f"tap{day:%Y%m%d}")
        if note:
            diary.annotate(again, day, f"tap{day:%Y%m%d}", note, f"note{day:%Y%m%d}")

    return record


@pytest.fixture
def ada(join, write):
    """Who wrote a mood with a note and one without."""
    who = join()
    write(who, date(2026, 5, 5), "between us")
    write(who, date(2026, 12, 31))
    return who


def say(database, **values):
    with database.write() as session:
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        session.execute(text(f"UPDATE users SET {assignments}"), values)


def is_here(closed_years, who, year=2026):
    return closed_years.board(who.person, year) is not None


def mail(year_end, moved_clock):
    for hour in (0, 9):
        moved_clock.set(2027, 1, 1, hour)
        year_end.tick()


def test_notes_that_were_not_mailed_keep_their_year_until_they_are_downloaded(
    year_end, ada, closed_years, mail_server, moved_clock
):
    mail(year_end, moved_clock)
    assert mail_server.recipients() == ["ada@example.org"]
    moved_clock.moment += 5 * KEEP
    year_end.tick()
    closed = closed_years.of(ada.person)
    assert (closed.notes, closed.notes_only_here, closed.erased_from) == (1, 1, None)
    assert closed.kept_until == date(2027, 12, 31)

    closed_years.note_download(ada.person, 2026)
    closed = closed_years.of(ada.person)
    assert (closed.notes_only_here, closed.erased_from) == (0, moved_clock.now() + DAY)
    moved_clock.moment += DAY - timedelta(seconds=1)
    year_end.tick()
    assert is_here(closed_years, ada)
    moved_clock.moment += timedelta(seconds=1)
    year_end.tick()
    assert not is_here(closed_years, ada)


def test_a_download_before_the_keep_days_are_over_changes_nothing_about_them(
    year_end, ada, closed_years, moved_clock
):
    mail(year_end, moved_clock)
    sent_at = moved_clock.now()
    closed_years.note_download(ada.person, 2026)
    assert closed_years.of(ada.person).erased_from == sent_at + KEEP


def test_notes_that_were_mailed_go_with_the_keep_days(
    year_end, ada, closed_years, database, mail_server, moved_clock
):
    say(database, notes_in_mail=True)
    mail(year_end, moved_clock)
    ((_, message),) = mail_server.taken
    (table,) = [part for part in message.walk() if part.get_content_type() == "text/csv"]
    assert "between us" in table.get_content()
    # What they want from now on is another matter than what was mailed.
    say(database, notes_in_mail=False)
    closed = closed_years.of(ada.person)
    assert (closed.notes_only_here, closed.erased_from) == (0, moved_clock.now() + KEEP)
    moved_clock.moment += KEEP
    year_end.tick()
    assert not is_here(closed_years, ada)


def test_what_counts_is_whether_the_mail_that_was_taken_had_the_notes(
    year_end, ada, closed_years, database, mail_server, moved_clock
):
    say(database, notes_in_mail=True)
    mail_server.behaviour.data = ["451 4.3.0 try later"]
    mail(year_end, moved_clock)
    assert closed_years.of(ada.person).state == "pending"
    say(database, notes_in_mail=False)
    moved_clock.moment += timedelta(hours=1)
    year_end.tick()
    closed = closed_years.of(ada.person)
    assert (closed.state, closed.notes_only_here) == ("sent", 1)
    # The wish that comes after it does not bring the notes into a mail that has gone.
    say(database, notes_in_mail=True)
    assert closed_years.of(ada.person).notes_only_here == 1
    moved_clock.moment += 2 * KEEP
    year_end.tick()
    assert is_here(closed_years, ada)


def test_notes_that_nobody_has_stay_until_the_next_year_closes(
    year_end, ada, closed_years, write, moved_clock
):
    mail(year_end, moved_clock)
    write(ada, date(2027, 12, 31))
    moved_clock.set(2027, 12, 31, 23, 59)
    year_end.tick()
    assert is_here(closed_years, ada)
    moved_clock.set(2028, 1, 1)
    year_end.tick()
    assert not is_here(closed_years, ada)


def test_notes_mailed_out_of_two_years_at_once_are_there_for_a_month(
    database, year_end, ada, closed_years, write, moved_clock
):
    write(ada, date(2027, 12, 31))
    moved_clock.set(2028, 3, 1, 12)
    year_end.tick()
    closed = closed_years.of(ada.person).older
    assert (closed.year, closed.state, closed.notes_only_here) == (2026, "sent", 1)
    assert closed.kept_until == date(2028, 3, 30)
    moved_clock.set(2028, 3, 31, 11, 59)
    year_end.tick()
    assert is_here(closed_years, ada)
    moved_clock.set(2028, 3, 31, 12)
    year_end.tick()
    assert not is_here(closed_years, ada)


def test_who_downloads_opts_out_and_looks_again_has_the_announced_time(
    year_end, ada, closed_years, database, mail_server, moved_clock
):
    mail_server.behaviour.data = ["451 4.3.0 try later"] * 100
    mail(year_end, moved_clock)
    moved_clock.set(2027, 1, 2)
    closed_years.note_download(ada.person, 2026)
    moved_clock.set(2027, 2, 15)
    say(database, year_end_mail=False)
    year_end.tick()
    closed = closed_years.of(ada.person)
    assert (closed.state, closed.erased_from) == ("opted_out", moved_clock.now() + KEEP)
    moved_clock.moment += KEEP - timedelta(seconds=1)
    year_end.tick()
    assert is_here(closed_years, ada)
    moved_clock.moment += timedelta(seconds=1)
    year_end.tick()
    assert not is_here(closed_years, ada)


def test_an_address_that_is_refused_long_after_a_download_erases_nothing_at_once(
    year_end, ada, closed_years, mail_server, moved_clock
):
    mail_server.behaviour.data = ["451 4.3.0 try later"]
    mail(year_end, moved_clock)
    closed_years.note_download(ada.person, 2026)
    moved_clock.set(2027, 4, 1)
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 no such person"
    year_end.tick()
    closed = closed_years.of(ada.person)
    assert (closed.state, closed.erased_from) == ("held", moved_clock.now() + KEEP)
    year_end.tick()
    assert is_here(closed_years, ada)


def test_a_mail_server_that_is_taken_away_erases_nothing_at_once(
    database, year_end, ada, closed_years, mail_server, moved_clock
):
    mail_server.behaviour.data = ["451 4.3.0 try later"]
    mail(year_end, moved_clock)
    closed_years.note_download(ada.person, 2026)
    moved_clock.set(2027, 4, 1)
    without = make_year_end(database, None)
    without.tick()
    closed = make_closed_years(database, has_mail=False).of(ada.person)
    assert (closed.state, closed.erased_from) == ("no_server", moved_clock.now() + KEEP)
    moved_clock.moment += KEEP
    without.tick()
    assert not is_here(closed_years, ada)


def test_opting_out_after_the_next_year_has_closed_leaves_a_month(
    year_end, ada, closed_years, database, write, mail_server, moved_clock
):
    mail_server.behaviour.data = ["451 4.3.0 try later"] * 1000
    mail(year_end, moved_clock)
    write(ada, date(2027, 12, 31))
    moved_clock.set(2028, 2, 1)
    say(database, year_end_mail=False)
    year_end.tick()
    moved_clock.moment += timedelta(days=30, seconds=-1)
    year_end.tick()
    assert is_here(closed_years, ada)
    moved_clock.moment += timedelta(seconds=1)
    year_end.tick()
    assert not is_here(closed_years, ada)


def test_what_was_downloaded_last_stays_as_announced_though_the_next_year_closes(
    year_end, join, write, closed_years, moved_clock
):
    bob = join("bob", verified=False)
    write(bob, date(2026, 12, 31), "between us")
    mail(year_end, moved_clock)
    write(bob, date(2027, 12, 31))
    closed_years.note_download(bob.person, 2026)
    announced = closed_years.of(bob.person).erased_from
    moved_clock.set(2028, 1, 1)
    year_end.tick()
    assert is_here(closed_years, bob)
    assert closed_years.of(bob.person).older.erased_from == announced
    moved_clock.moment = announced
    year_end.tick()
    assert not is_here(closed_years, bob)


def test_an_erased_year_does_not_tell_how_many_notes_it_had(
    year_end, ada, closed_years, database, moved_clock
):
    mail(year_end, moved_clock)
    closed_years.erase(ada.person, 2026)
    with database.read() as session:
        assert session.scalar(select(sealed_years.notes)) == 0


def test_the_wish_of_who_never_wrote_a_note_is_not_asked_for(join, diary, database, write):
    who = join()
    write(who, date(2026, 5, 5))
    noted = text("SELECT noted_year FROM users")
    with database.read() as session:
        assert session.scalar(noted) is None
    write(who, date(2026, 5, 6), "the first")
    with database.read() as session:
        assert session.scalar(noted) == 2026
    Preferences(database).set_notes_in_mail(who, wanted=False)


# --- what the database does and what the person is told are the same


NOW = datetime(2027, 6, 1, tzinfo=UTC)
AGO = (None, timedelta(hours=12), timedelta(days=10), timedelta(days=60))


@pytest.mark.parametrize("has_mail", [True, False])
@pytest.mark.parametrize("keep", [timedelta(0), KEEP, timedelta(days=90)])
def test_the_moment_that_is_announced_is_the_moment_at_which_it_is_erased(
    database, join, keep, has_mail
):
    user_id = join().person.id
    states = ("pending", "sending", "sent", "held", "no_address", "opted_out")
    cases = list(product(states, (0, 3), (False, True), AGO, AGO, AGO))
    with database.write() as session:
        for year, (state, notes, mailed, sent, downloaded, stuck) in enumerate(cases):
            session.add(
                SealedYearRow(
                    user_id=user_id,
                    year=9000 - year,  # each is older than the next: all have a newer one but one
                    zone="UTC",
                    moods="[]",
                    state=state,
                    notes=notes,
                    notes_mailed=mailed,
                    sealed_at=NOW - timedelta(days=20),
                    due_at=NOW,
                    next_try_at=NOW,
                    message_id="m",
                    sent_at=sent and NOW - sent,
                    downloaded_at=downloaded and NOW - downloaded,
                    stuck_since=stuck and NOW - stuck,
                )
            )
    with database.read() as session:
        erased = set(
            session.scalars(
                select(sealed_years.year).where(
                    erasing.may_be_erased(NOW, keep, has_mail=has_mail, hears_bounces=True)
                )
            )
        )
        for row in session.execute(select(*sealed_years)):
            announced = erasing.erased_from(row, keep, has_mail=has_mail)
            assert (row.year in erased) == (announced is not None and announced <= NOW), row

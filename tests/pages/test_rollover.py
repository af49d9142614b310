import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from moodtracker.moods import Mood
from support.board_page import BoardPage
from support.waiting import await_that

# Moving the clock while a ping is on its way drops the socket; the page then comes back by itself.
RECONNECT_TOO = 90_000  # ms


def await_day(board: BoardPage, day: date) -> None:
    board.page.wait_for_selector(
        f"#today-card[data-day='{day.isoformat()}']", timeout=RECONNECT_TOO
    )


def test_an_open_page_turns_to_the_new_day_by_itself(make_server, open_board):
    server = make_server()
    server.set_clock(2026, 11, 24, 22)
    server.start()
    board = open_board(server, server.register("midnight", "Europe/Berlin"))
    board.pick(4)
    board.await_moods("Good")
    server.set_clock(2026, 11, 24, 22, 59, 58)
    await_day(board, date(2026, 11, 25))
    board.await_moods()
    assert board.page.inner_text("#question") == "How is Wednesday going?"
    assert board.today_classes() == {"today"}
    assert board.page.locator("td.a4").count() == 1
    board.pick(2)
    board.await_moods("Bad")
    assert board.page.inner_text("#kept") == "2 of 329 days"


def test_a_tap_for_the_day_that_just_ended_is_refused_kindly(make_server, open_board):
    server = make_server()
    server.set_clock(2026, 11, 24, 23)
    server.start()
    board = open_board(server, server.register("late"))
    board.await_connection()
    # The tap is made before midnight and arrives after it.
    board.page.evaluate("window.socket.disconnect()")
    board.page.wait_for_function("!window.socket.connected")
    board.pick(4)
    server.set_clock(2026, 11, 25, 0, 0, 1)
    board.page.evaluate("window.socket.connect()")
    board.await_message("That day is over")
    await_day(board, date(2026, 11, 25))
    board.await_moods()


def test_each_persons_year_ends_at_their_own_midnight_with_one_mail(
    make_server, open_board, mail_server
):
    server = make_server(
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mail_server.port),
        SMTP_SECURITY="none",
        MAIL_FROM="mood@example.org",
        YEAR_END_MAIL_AT="00:00",
        YEAR_END_KEEP_DAYS="0",
        BOUNCE_ADDRESS="bounce@example.org",  # else it waits for its person as well
    )
    server.set_clock(2026, 12, 31, 9)
    server.start()
    midnights = {
        "kiri": ("Pacific/Kiritimati", (2026, 12, 31, 9, 58), 1),
        "universal": ("UTC", (2026, 12, 31, 23, 58), 2),
        "lana": ("America/Los_Angeles", (2027, 1, 1, 7, 58), 3),
    }
    cookies = {name: server.register(name, zone) for name, (zone, _, _) in midnights.items()}
    for name, (_, _, mood) in midnights.items():
        board = open_board(server, cookies[name])
        board.pick(mood)
        board.page.wait_for_selector(f"td.today.a{mood}")
        board.page.close()

    database = server.folder / "data" / "moodtracker.db"
    kept_while_mailing = []

    def look() -> None:
        kept_while_mailing.append(count(database, "state = 'sending' AND moods IS NOT NULL"))

    mail_server.behaviour.before_taking = look

    for number, (name, (_, eve, mood)) in enumerate(midnights.items()):
        server.set_clock(*eve)
        board = open_board(server, cookies[name])
        board.await_connection()
        assert board.page.inner_text("#year-heading") == "Your 2026"
        server.set_clock(*eve[:3], eve[3], 59, 59)
        await_day(board, date(2027, 1, 1))
        assert board.page.inner_text("#year-heading") == "Your 2027"
        board.await_moods()
        # Years are closed once a minute: nobody waits here until the next one has gone by.
        server.set_clock(*(datetime(*eve, tzinfo=UTC) + timedelta(minutes=3)).timetuple()[:5])
        await_that(lambda expected=number + 1: len(mail_server.taken) >= expected)
        recipient, message = mail_server.taken[number]
        assert recipient == f"{name}@example.org"
        assert message["Subject"] == "Your 2026 in moods"
        (table,) = [part for part in message.walk() if part.get_content_type() == "text/csv"]
        lines = table.get_content().split()
        assert [line.rpartition(",")[0] for line in lines[1:]] == [
            f"2026-12-31,1,{mood},{Mood(mood).name.lower()}"
        ]

    assert kept_while_mailing == [1, 1, 1]
    await_that(lambda: count(database, "moods IS NULL AND state = 'sent'") == 3)
    assert len(mail_server.taken) == 3


def test_the_closed_year_stays_in_sight_until_it_is_erased(make_server, open_board, mail_server):
    server = make_server(
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mail_server.port),
        SMTP_SECURITY="none",
        MAIL_FROM="mood@example.org",
    )
    server.set_clock(2026, 12, 31, 23)
    server.start()
    board = open_board(server, server.register("keeper"))
    board.pick(5)
    board.await_moods("Great")
    server.set_clock(2026, 12, 31, 23, 59, 59)
    card = board.page.locator("#closed-year")
    card.get_by_text("Your 2026 is complete").wait_for()
    assert "on its way to keeper@example.org" in card.inner_text()
    table = board.page.request.get(f"{server.url}/moods.csv?year=2026").text()
    assert "2026-12-31,1,5,great" in table
    assert mail_server.taken == []

    server.set_clock(2027, 1, 1, 9)
    database = server.folder / "data" / "moodtracker.db"
    await_that(lambda: count(database, "state = 'sent'") == 1)
    assert mail_server.recipients() == ["keeper@example.org"]
    board.page.reload()
    assert "From 31 January on it is here no more" in card.inner_text()


def count(database, condition) -> int:
    """How many closed years are as the condition says."""
    with closing(sqlite3.connect(database)) as connection:
        query = f"SELECT count(*) FROM sealed_years WHERE {condition}"
        return int(connection.execute(query).fetchone()[0])

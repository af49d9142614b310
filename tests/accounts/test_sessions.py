from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from moodtracker.accounts import audit, sessions, takeout
from moodtracker.accounts.audit import Event
from moodtracker.accounts.sessions import SessionEnded, SignInRefused
from support.signing_in import sign_in

PASSWORD = "correct horse battery staple"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon(moved_clock):
    moved_clock.set(2026, 11, 24, 12)


def count(database):
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM sessions"))


def holder(database, cookie):
    who = sessions.find(database, cookie)
    return who.person.username if who else None


# Signing in


@pytest.mark.parametrize(
    "login",
    ["ada", "ADA", " Ada ", "ada@example.org", "ADA@Example.ORG", " ada@example.org", "ａｄａ"],
)
def test_one_signs_in_by_username_or_address_in_any_case(database, join, login):
    join("bob"), join("ada")
    assert holder(database, sign_in(database, login, PASSWORD)) == "ada"


def test_one_signs_in_by_the_address_as_one_gave_it(database, join):
    given_address = "ada@xn--bcher-kva.example.org"
    join("ada", email=given_address)
    assert sign_in(database, given_address, PASSWORD)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(database, join):
    join("ada")
    answers = []
    for login, password in [("ada", PASSWORD + "x"), ("eve", PASSWORD), ("", ""), ("ada", "")]:
        with pytest.raises(SignInRefused) as refused:
            sign_in(database, login, password)
        answers.append((type(refused.value), refused.value.args))
    assert set(answers) == {(SignInRefused, ())}


def test_an_unknown_name_costs_as_much_hashing_as_a_wrong_password(database, join, monkeypatch):
    join("ada")
    tried = []
    monkeypatch.setattr(
        sessions.passwords, "matches", lambda _, stored: bool(tried.append(stored is None))
    )
    for login in ("ada", "eve"):
        with pytest.raises(SignInRefused):
            sign_in(database, login, PASSWORD)
    assert tried == [False, True]


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("a\0da", PASSWORD),
        ("\0", "\0"),
        ("ada", PASSWORD + "\0"),
        ("ada", "\0" + PASSWORD),
        ("a" * 10_000, PASSWORD),
        ("ada", "p" * 10_000),
        ("a' OR '1'='1", PASSWORD),
        ("%", PASSWORD),
        ("ad_", PASSWORD),
        ("\u202eada", PASSWORD),
    ],
    ids=lambda value: ascii(value)[1:-1][:16],
)
def test_odd_names_and_passwords_are_just_refused(database, join, login, password):
    join("ada")
    before = count(database)
    with pytest.raises(SignInRefused):
        sign_in(database, login, password)
    assert count(database) == before


@pytest.mark.parametrize(("login", "password"), [("\ud83d", PASSWORD), ("ada", "\ud83d" * 12)])
def test_half_a_surrogate_pair_is_just_refused(database, join, login, password):
    join("ada")
    with pytest.raises(SignInRefused):
        sign_in(database, login, password)


def test_every_sign_in_gives_another_cookie(database, join):
    join("ada")
    cookies = {sign_in(database, "ada", PASSWORD) for _ in range(5)}
    assert len(cookies) == 5
    assert {holder(database, cookie) for cookie in cookies} == {"ada"}


def test_a_sign_in_ends_the_session_that_it_replaces(database, join):
    join("ada")
    known_to_another = sign_in(database, "ada", PASSWORD)
    own = sign_in(database, "ada", PASSWORD, instead_of=known_to_another)
    assert holder(database, known_to_another) is None
    assert holder(database, own) == "ada"


def test_a_sign_in_in_the_browser_of_another_ends_the_others_session_there(database, join):
    join("ada"), join("bob")
    adas = sign_in(database, "ada", PASSWORD)
    bobs = sign_in(database, "bob", PASSWORD, instead_of=adas)
    assert (holder(database, adas), holder(database, bobs)) == (None, "bob")


def test_a_refused_sign_in_leaves_the_present_session(database, join):
    join("ada")
    present = sign_in(database, "ada", PASSWORD)
    with pytest.raises(SignInRefused):
        sign_in(database, "ada", "wrong", instead_of=present)
    assert holder(database, present) == "ada"


@pytest.mark.parametrize("brought", [None, "", "junk", "1.forged", "a.b.c", "." * 200])
def test_whatever_cookie_a_browser_brings_along_one_can_sign_in(database, join, brought):
    join("ada")
    assert holder(database, sign_in(database, "ada", PASSWORD, instead_of=brought))


# Signing out


def test_after_signing_out_a_copied_cookie_is_worth_nothing(database, join):
    ada = join("ada")
    cookie = sessions.open_session(database, ada.person.id)
    copied, who = str(cookie), sessions.find(database, cookie)
    sessions.sign_out(database, cookie)
    assert sessions.find(database, copied) is None
    with database.read() as session, pytest.raises(SessionEnded):
        sessions.still_signed_in(session, who)
    with database.write() as session, pytest.raises(SessionEnded):
        sessions.lock_person(session, who)


def test_signing_out_here_leaves_the_other_devices_signed_in(database, join):
    ada = join("ada")
    phone, desk = (sessions.open_session(database, ada.person.id) for _ in range(2))
    sessions.sign_out(database, phone)
    assert (holder(database, phone), holder(database, desk)) == (None, "ada")


@pytest.mark.parametrize("cookie", [None, "", "junk", "1.forged", ".", "1.", ".x"])
def test_signing_out_without_a_session_is_no_matter(database, join, cookie):
    join("ada")
    before = count(database)
    sessions.sign_out(database, cookie)
    assert count(database) == before


def test_end_all_signs_one_person_out_everywhere_and_nobody_else(database, join):
    ada, bob = join("ada"), join("bob")
    adas = [sessions.open_session(database, ada.person.id) for _ in range(3)]
    bobs = sessions.open_session(database, bob.person.id)
    sessions.end_all(database, ada.person.id)
    assert [holder(database, cookie) for cookie in adas] == [None] * 3
    assert holder(database, bobs) == "bob"


# Cookies


def test_a_session_finds_its_person_with_what_holds_now(database, join):
    ada = join("ada", zone="Europe/Berlin")
    cookie = sessions.open_session(database, ada.person.id)
    with database.write() as session:
        session.execute(text("UPDATE users SET zone = 'Asia/Tokyo'"))
    who = sessions.find(database, cookie)
    assert (who.person.id, who.person.zone) == (ada.person.id, "Asia/Tokyo")
    with database.read() as session:
        assert sessions.still_signed_in(session, who) == who.person
    with database.write() as session:
        assert sessions.lock_person(session, who) == who.person


def test_a_right_token_with_another_persons_id_finds_nobody(database, join):
    ada, bob = join("ada"), join("bob")
    token = sessions.open_session(database, ada.person.id).partition(".")[2]
    for user_id in (bob.person.id, 0, ada.person.id + 1000, f"-{ada.person.id}", ""):
        assert sessions.find(database, f"{user_id}.{token}") is None


def test_a_cookie_changed_anywhere_finds_nobody(database, join):
    ada = join("ada")
    cookie = sessions.open_session(database, ada.person.id)
    start = cookie.index(".") + 1
    for n in range(start, len(cookie)):
        other = "A" if cookie[n] != "A" else "B"
        assert sessions.find(database, cookie[:n] + other + cookie[n + 1 :]) is None
    for changed in (cookie[:-1], cookie + "A", cookie + ".", cookie.replace(".", "..")):
        assert sessions.find(database, changed) is None


@pytest.mark.parametrize(
    "cookie",
    [
        *(None, "", ".", "1", "1.", ".token", "ada.token", "-1.token", "1e3.token", "1.\0", "1.é"),
        *("².x", "١.x", " 1.x", "0x1.x", "1.x" * 40, "9" * 101, "1." + "x" * 10_000, "1.' OR 1"),
    ],
    ids=lambda value: ascii(value)[1:-1][:16],
)
def test_a_cookie_that_is_none_of_ours_finds_nobody(database, join, cookie):
    join("ada")
    assert sessions.find(database, cookie) is None


@given(st.text() | st.builds("{}.{}".format, st.integers(0, 2**31 - 1), st.text(max_size=90)))
@example("1.\n")
@hypothesis_settings(max_examples=60)
def test_no_forged_cookie_finds_anybody_or_raises(database, cookie):
    assert sessions.find(database, cookie) is None


@pytest.mark.parametrize("user_id", [2**31, 2**32 + 1, 10**17, 10**18 - 1, 2**63, 10**50])
def test_a_huge_id_finds_nobody(database, join, user_id):
    join("ada")
    assert sessions.find(database, f"{user_id}.token") is None
    sessions.sign_out(database, f"{user_id}.token")


def test_a_cookie_with_half_a_surrogate_pair_finds_nobody(database):
    assert sessions.find(database, "1.\ud83d") is None


def test_the_token_itself_is_nowhere_in_the_database(database, join):
    ada = join("ada")
    token = sessions.open_session(database, ada.person.id).partition(".")[2]
    with database.read() as session:
        rows = session.execute(text("SELECT * FROM sessions")).all()
    assert len(rows) == 2
    assert token not in str(rows)
    assert {len(row.token_hash) for row in rows} == {64}


def test_a_token_is_long_enough_not_to_be_guessed(database, join):
    ada = join("ada")
    tokens = {sessions.open_session(database, ada.person.id).partition(".")[2] for _ in range(3)}
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 43  # 256 bits


def test_the_cookie_of_a_person_who_left_finds_nobody(database, join):
    ada = join("ada")
    cookie = sessions.open_session(database, ada.person.id)
    with database.write() as session:
        session.execute(text("DELETE FROM users"))
    assert sessions.find(database, cookie) is None


# Age


def test_a_session_lasts_60_days_without_a_visit(database, join, moved_clock):
    cookie = sessions.open_session(database, join("ada").person.id)
    moved_clock.moment += 60 * DAY
    assert holder(database, cookie) == "ada"


def test_a_session_is_over_after_60_days_without_a_visit(database, join, moved_clock):
    cookie = sessions.open_session(database, join("ada").person.id)
    moved_clock.moment += 60 * DAY + timedelta(seconds=1)
    assert holder(database, cookie) is None


def test_every_visit_gives_60_days_more(database, join, moved_clock):
    cookie = sessions.open_session(database, join("ada").person.id)
    for _ in range(5):
        moved_clock.moment += 59 * DAY
        assert holder(database, cookie) == "ada"


def test_whoever_only_taps_on_an_open_page_is_not_signed_out(database, join, moved_clock):
    ada = join("ada")
    for _ in range(3):
        moved_clock.moment += 50 * DAY
        with database.write() as session:
            sessions.lock_person(session, ada)


def test_after_a_year_one_signs_in_again_however_often_one_came(database, join, moved_clock):
    cookie = sessions.open_session(database, join("ada").person.id)
    for _ in range(12):
        moved_clock.moment += 30 * DAY
        assert holder(database, cookie) == "ada"
    moved_clock.moment += 5 * DAY
    assert holder(database, cookie) == "ada"
    moved_clock.moment += MINUTE
    assert holder(database, cookie) is None


def test_a_session_that_grew_too_old_while_its_page_was_open_is_over(database, join, moved_clock):
    ada = join("ada")
    moved_clock.moment += 61 * DAY
    with database.read() as session, pytest.raises(SessionEnded):
        sessions.still_signed_in(session, ada)


def test_a_visit_is_written_down_once_an_hour_at_most(database, join, moved_clock):
    cookie = sessions.open_session(database, join("ada").person.id)
    seen = []
    for _ in range(3):
        moved_clock.moment += 40 * MINUTE
        sessions.find(database, cookie)
        with database.read() as session:
            seen.append(str(session.scalar(text("SELECT max(seen_at) FROM sessions"))))
    assert [at[11:16] for at in seen] == ["12:00", "13:20", "13:20"]


def let_nothing_be_written(database):
    """As a full disk does, or a standby; returns what ends it."""
    if database.is_sqlite:
        refusing, allowing = "PRAGMA query_only = ON", "PRAGMA query_only = OFF"
    else:
        refusing, allowing = (
            f"SET SESSION CHARACTERISTICS AS TRANSACTION READ {kind}" for kind in ("ONLY", "WRITE")
        )

    def run(statement):
        connection = database._writing.raw_connection()  # the one that the next transaction takes
        connection.cursor().execute(statement)
        if not database.is_sqlite:
            connection.commit()
        connection.close()

    run(refusing)
    return lambda: run(allowing)


def test_a_visit_that_cannot_be_noted_is_dropped_with_one_line_and_the_page_is_read(
    database, join, moved_clock, caplog
):
    caplog.set_level("INFO")
    cookie = sessions.open_session(database, join("ada").person.id)
    let_it_be = let_nothing_be_written(database)
    moved_clock.moment += 61 * MINUTE
    for _ in range(5):
        assert holder(database, cookie) == "ada"
        moved_clock.moment += MINUTE
    let_it_be()
    assert holder(database, cookie) == "ada"
    said = [record.getMessage() for record in caplog.records if record.name.endswith("database")]
    assert len(said) == 2
    assert said[0].startswith("pages are read, but nothing can be noted: the database")
    assert said[1] == "what is noted beside reading is written again"
    with database.read() as session:
        assert str(session.scalar(text("SELECT max(seen_at) FROM sessions")))[11:16] == "13:06"


def test_a_takeout_can_be_made_where_nothing_can_be_written(database, join, moved_clock):
    ada = join("ada")
    let_it_be = let_nothing_be_written(database)
    assert takeout.pack(database, ada, [])
    let_it_be()
    assert audit.of(database, ada.person.id)[0].event != Event.EXPORTED


def test_only_sessions_that_are_over_are_forgotten(database, join, moved_clock):
    ada = join("ada")
    sessions.end_all(database, ada.person.id)
    idle, visited = (sessions.open_session(database, ada.person.id) for _ in range(2))
    moved_clock.moment += 30 * DAY
    sessions.find(database, visited)
    moved_clock.moment += 31 * DAY
    fresh = sessions.open_session(database, ada.person.id)
    sessions.forget_old(database)
    assert count(database) == 2
    assert [holder(database, cookie) for cookie in (idle, visited, fresh)] == [None, "ada", "ada"]


def test_sessions_older_than_a_year_are_forgotten(database, join, moved_clock):
    ada = join("ada")
    sessions.end_all(database, ada.person.id)
    cookie = sessions.open_session(database, ada.person.id)
    for _ in range(8):
        moved_clock.moment += 45 * DAY
        sessions.find(database, cookie)
    sessions.forget_old(database)
    assert count(database) == 1
    moved_clock.moment += 6 * DAY
    sessions.forget_old(database)
    assert count(database) == 0

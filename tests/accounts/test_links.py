from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from moodtracker.accounts import links
from moodtracker.accounts.links import LinkSpent
from moodtracker.database import Database


def made(database, purpose="reset", user_id=7, email="ada@example.org"):
    with database.write() as session:
        return links.make(session, purpose, user_id, email)


def use(database, token, purpose="reset"):
    with database.write() as session:
        return links.use(session, purpose, token)


def test_a_link_tells_whose_it_is_and_where_it_was_sent(database):
    link = use(database, made(database))
    assert (link.user_id, link.email) == (7, "ada@example.org")


def test_a_link_works_once(database):
    token = made(database)
    use(database, token)
    with pytest.raises(LinkSpent):
        use(database, token)


def test_of_many_that_use_a_link_at_once_one_succeeds(database):
    token = made(database)

    def attempt(_):
        try:
            use(database, token)
        except LinkSpent:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_looking_at_a_link_does_not_use_it_up(database):
    token = made(database)
    for _ in range(3):
        assert links.look_at(database, "reset", token).email == "ada@example.org"
    use(database, token)


def test_where_what_a_link_is_for_fails_it_works_again(database):
    token = made(database)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        links.use(session, "reset", token).user_id / 0
    use(database, token)


@pytest.mark.parametrize(("purpose", "lifetime"), links.LIFETIMES.items())
def test_a_link_works_for_a_while_alone(database, moved_clock, purpose, lifetime):
    in_time, late = made(database, purpose), made(database, purpose)
    moved_clock.moment += lifetime - timedelta(seconds=1)
    use(database, in_time, purpose)
    moved_clock.moment += timedelta(seconds=1)
    with pytest.raises(LinkSpent):
        use(database, late, purpose)


def test_a_reset_works_for_half_an_hour():
    assert links.LIFETIMES["reset"] == timedelta(minutes=30)


def test_a_link_for_one_thing_does_not_work_for_another(database):
    token = made(database, "verify")
    with pytest.raises(LinkSpent):
        use(database, token, "reset")
    use(database, token, "verify")


def test_a_link_of_one_person_does_not_work_for_another(database):
    secret = made(database, user_id=7).partition(".")[2]
    with pytest.raises(LinkSpent):
        use(database, f"8.{secret}")


@given(st.text(max_size=200) | st.from_regex(r"\A\d{1,12}\.\w{0,90}\Z"))
def test_a_made_up_token_is_refused_in_words(sqlite_file, token):
    for look in (links.look_at, lambda database, *more: use(database, token)):
        with pytest.raises(LinkSpent):
            look(sqlite_file, "reset", token)


@pytest.fixture
def sqlite_file(sqlite_template, tmp_path):
    database = Database(f"sqlite:///{sqlite_template}")
    yield database
    database.close()


def test_the_database_cannot_tell_a_link(database):
    secret = made(database).partition(".")[2]
    with database.read() as session:
        assert secret not in str(session.execute(text("SELECT * FROM links")).all())


def test_dropping_a_persons_links_leaves_those_of_others(database):
    mine, theirs = made(database, user_id=7), made(database, user_id=8)
    kept = made(database, "verify", user_id=7)
    with database.write() as session:
        links.drop(session, 7, "reset")
    with pytest.raises(LinkSpent):
        use(database, mine)
    use(database, theirs)
    use(database, kept, "verify")


def test_old_links_are_deleted(database, moved_clock):
    made(database, "reset")
    made(database, "verify")
    moved_clock.moment += timedelta(hours=1)
    links.forget_old(database)
    with database.read() as session:
        assert session.scalars(text("SELECT purpose FROM links")).all() == ["verify"]

import threading
from contextlib import suppress

import pytest
from sqlalchemy import event, select, update

from moodtracker.accounts import administering, leaving, new_password, registration, sessions
from moodtracker.live import Live, tell
from moodtracker.mail import wishes
from moodtracker.models import UserRow, users
from moodtracker.preferences import Preferences


@pytest.fixture
def live():
    return Live()


def test_a_follower_hears_of_each_change(live):
    told = []
    live.follow(1, lambda: told.append("ada"))
    live.tell_here(1)
    live.tell_here(1)
    assert told == ["ada", "ada"]


def test_every_follower_of_a_person_hears_and_nobody_elses(live):
    told = []
    for name, user_id in (("phone", 1), ("desk", 1), ("bob", 2)):
        live.follow(user_id, lambda name=name: told.append(name))
    live.tell_here(1)
    assert sorted(told) == ["desk", "phone"]


def test_who_left_hears_nothing_more_and_the_others_still_do(live):
    told = []
    leave = live.follow(1, lambda: told.append("phone"))
    live.follow(1, lambda: told.append("desk"))
    leave()
    live.tell_here(1)
    assert told == ["desk"]


def test_leaving_twice_is_no_matter(live):
    told = []
    leave = live.follow(1, lambda: told.append("phone"))
    leave()
    leave()
    live.follow(1, lambda: told.append("desk"))
    leave()
    live.tell_here(1)
    assert told == ["desk"]


def test_telling_where_nobody_listens_is_no_matter(live):
    live.tell_here(1)
    live.follow(1, lambda: None)()
    live.tell_here(1)


def test_a_follower_may_leave_or_come_while_it_is_told(live):
    told = []

    def once():
        told.append("once")
        leave()
        live.follow(1, lambda: told.append("after"))

    leave = live.follow(1, once)
    live.tell_here(1)
    live.tell_here(1)
    assert told == ["once", "after"]


def test_a_follower_that_fails_keeps_nobody_from_hearing(live):
    told = []
    for _ in range(3):
        live.follow(1, lambda: told.append("heard"))
        live.follow(1, lambda: 1 // 0)
    live.tell_here(1)
    assert told == ["heard"] * 3


def test_a_follower_that_fails_does_not_fail_the_teller(live):
    live.follow(1, lambda: 1 // 0)
    live.tell_here(1)


def test_following_telling_and_leaving_from_many_threads_lose_nothing():
    live, heard, errors = Live(), [], []
    live.follow(1, lambda: heard.append(1))
    barrier = threading.Barrier(8)

    def busy():
        try:
            barrier.wait()
            for _ in range(300):
                leave = live.follow(1, lambda: None)
                live.tell_here(1)
                leave()
                live.follow(2, lambda: None)()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=busy) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(heard) == 8 * 300


PASSPHRASE = "a new horse, another battery"
CHANGES = {
    "names": lambda db, who: Preferences(db).rename(who, {"first_name": "Grace"}),
    "day": lambda db, who: Preferences(db).set_day(who, {"zone": "UTC", "day_end_hour": "3"}),
    "look": lambda db, who: Preferences(db).set_look(who, {"theme": "dark"}),
    "notes": lambda db, who: Preferences(db).set_notes_in_mail(who, wanted=True),
    "mail": lambda db, who: wishes.set_year_end_mail(db, who.person.id, wanted=False),
    "password": lambda db, who: registration.set_password(db, who.person.id, PASSPHRASE),
    "sessions": lambda db, who: sessions.end_all(db, who.person.id),
    "other sessions": sessions.end_others,
    "session": lambda db, who: sessions.end(db, who.person.id, who.token_hash),
    "own password": lambda db, who: new_password.change(db, who, PASSPHRASE),
    "switched off": lambda db, who: administering.switch_off(db, who.person.id, administrator(db)),
    "switched on": lambda db, who: administering.switch_on(db, who.person.id, administrator(db)),
    "leaving": lambda db, who: leaving.delete_account(db, who.person.id),
}


def administrator(db):
    with db.read() as session:
        return session.scalar(select(users.id).where(users.administrator))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_persons_is_told_with_its_commit(database, join, change):
    join("boss")
    ada = join()
    sessions.open_session(database, ada.person.id)  # another browser
    told, committed = [], []
    database.live.follow(ada.person.id, lambda: told.append(len(committed)))
    event.listen(database._writing, "commit", committed.append)
    change(database, ada)
    assert told == [1]
    assert len(committed) == 1


def test_nobody_hears_of_what_was_rolled_back(database, join):
    ada, told = join(), []
    database.live.follow(ada.person.id, lambda: told.append(True))
    with suppress(LookupError), database.write() as session:
        session.execute(update(UserRow).values(first_name="Grace"))
        tell(session, ada.person.id)
        raise LookupError
    assert told == []


def test_who_hears_of_a_change_finds_it(database, join):
    ada, found = join(), []

    def look():
        with database.read() as session:
            found.append(session.scalar(select(users.first_name)))

    database.live.follow(ada.person.id, look)
    with database.write() as session:
        session.execute(update(UserRow).values(first_name="Grace"))
        tell(session, ada.person.id)
    assert found == ["Grace"]


def test_a_change_whose_commit_was_not_answered_is_looked_for(database, join):
    ada, told = join(), []
    database.live.follow(ada.person.id, lambda: told.append(True))

    def lose_the_answer(connection):
        raise ConnectionError

    event.listen(database._writing, "commit", lose_the_answer)
    with suppress(ConnectionError), database.write() as session:
        tell(session, ada.person.id)
    event.remove(database._writing, "commit", lose_the_answer)
    assert told == [True]

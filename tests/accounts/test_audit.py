from datetime import timedelta

from moodtracker.accounts import audit
from moodtracker.accounts.audit import Event


def note(database, user_id, event, **more):
    with database.write() as session:
        audit.note(session, user_id, event, **more)


def test_a_person_sees_what_happened_to_their_account_the_newest_first(database, moved_clock):
    note(database, 1, Event.JOINED, detail="Firefox on Linux", address="192.0.2.1")
    moved_clock.moment += timedelta(minutes=1)
    note(database, 1, Event.SIGNED_OUT)
    found = audit.of(database, 1)
    assert [record.event for record in found] == [Event.SIGNED_OUT, Event.JOINED]
    assert (found[1].detail, found[1].address) == ("Firefox on Linux", "192.0.2.1")
    assert found[0].at == moved_clock.moment


def test_nobody_sees_what_happened_to_others(database):
    note(database, 1, Event.JOINED)
    note(database, audit.NOBODY, Event.SIGN_IN_FAILED)
    assert audit.of(database, 2) == []


def test_many_things_at_one_moment_are_all_kept(database, moved_clock):
    for _ in range(20):
        note(database, 1, Event.SIGN_IN_FAILED)
    assert len(audit.of(database, 1)) == 20
    assert len(audit.of(database, 1, limit=5)) == 5


def test_what_is_undone_was_never_noted(database):
    try:
        with database.write() as session:
            audit.note(session, 1, Event.DELETED)
            raise RuntimeError  # noqa: TRY301
    except RuntimeError:
        pass
    assert audit.of(database, 1) == []


def test_after_90_days_a_line_is_deleted(database, moved_clock):
    note(database, 1, Event.JOINED)
    moved_clock.moment += timedelta(days=90)
    note(database, 1, Event.SIGNED_IN)
    moved_clock.moment += timedelta(seconds=1)
    audit.forget_old(database)
    assert [record.event for record in audit.of(database, 1)] == [Event.SIGNED_IN]

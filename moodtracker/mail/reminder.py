"""The reminder of a day without a mood: five faces, each of which opens the board with its mood.

A link writes nothing: the board asks for one more tap, so that a scanner which follows every link
of a mail has picked no mood. It names its day; on another one the board says that it is over.

multipart/alternative
    text/plain
    multipart/related
        text/html
        image/png    a face, five times, shown in the HTML by its Content-ID
"""

from datetime import date, time
from functools import lru_cache
from urllib.parse import urlencode

from sqlalchemy import select

from moodtracker.accounts.people import Person, person_from, select_person
from moodtracker.database import Database
from moodtracker.drawing import painting
from moodtracker.language import gettext as _
from moodtracker.language import speaking, time_of_day, weekday
from moodtracker.mail import mime, post
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.message import Names, begin, render
from moodtracker.mail.smtp import ascii_address
from moodtracker.mail.unsubscribe import REMINDER, Unsubscribing, headers
from moodtracker.models import users
from moodtracker.moods import Mood
from moodtracker.reminding import without_mood

_SIDE = 96  # pixels of a face, which is shown at half of it


def writers(
    database: Database, envelope: Envelope, unsubscribing: Unsubscribing
) -> dict[str, Write]:
    """What the outbox asks for the reminders that are due."""

    def reminder(asked: Asked) -> Letter | None:
        with database.read() as session:
            row = session.execute(
                select_person()
                .add_columns(users.reminder_at, users.reminded_on)
                .where(users.id == asked.user_id, users.reminder, users.disabled_at.is_(None))
            ).first()
            if row is None:
                return None
            person = person_from(row)
            if person.mail_address is None or row.reminded_on != person.today:
                return None  # the day is over by now
            if not session.scalar(select(without_mood(person.id, person.today))):
                return None
        with speaking(person.language):
            return _letter(
                asked,
                person,
                row.reminder_at,
                envelope,
                unsubscribing.address(person.id, REMINDER),
            )

    return {post.Kind.REMINDER: reminder}


def _letter(
    asked: Asked, person: Person, at: time, envelope: Envelope, unsubscribe_address: str
) -> Letter:
    address = ascii_address(person.mail_address or "")
    message_id = f"<{asked.message_id}@{envelope.domain}>"
    names = Names(message_id)
    question = _("How is {weekday} going?").format(weekday=weekday(person.today.weekday()))
    words = {
        "question": question,
        "name": person.first_name,
        "moods": [
            (mood, names.content_id_of(f"face {mood:d}"), _link(envelope, mood, person.today))
            for mood in Mood
        ],
        "small_print": _(
            "You get this at {time} on days without a mood, since you asked for it in your "
            "settings."
        ).format(time=time_of_day(at)),
        "unsubscribe_address": unsubscribe_address,
    }
    shown = mime.multipart(
        "related",
        names.boundary("related"),
        [
            mime.quoted_text("html", render("reminder.html", words)),
            *(
                mime.png(_face(mood), f"Content-ID: <{cid}>", "Content-Disposition: inline")
                for mood, cid, _address in words["moods"]
            ),
        ],
    )
    content = mime.multipart(
        "alternative",
        names.boundary("alternative"),
        [mime.quoted_text("plain", render("reminder.txt", words)), shown],
    )
    head = begin(
        name=person.first_name,
        address=address,
        sender=envelope.sender,
        subject=question,
        message_id=message_id,
        date=asked.date,
    )
    return Letter(address, mime.message(head, content, *headers(unsubscribe_address)))


def _link(envelope: Envelope, mood: Mood, day: date) -> str:
    return f"{envelope.base_url}/?{urlencode({'mood': int(mood), 'day': day.isoformat()})}"


@lru_cache
def _face(mood: Mood) -> bytes:
    return mime.in_base64(painting.face(mood, _SIDE))

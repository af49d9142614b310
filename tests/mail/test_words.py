"""No mail and no picture says anything that does not go through the catalogues."""

import re
from datetime import date
from email import message_from_bytes, policy

import pytest
from sqlalchemy import update

from moodtracker import clock, language
from moodtracker.drawing import layout
from moodtracker.language import speaking
from moodtracker.mail import rehearsal, reminder, trouble
from moodtracker.mail.account import AccountMails
from moodtracker.mail.letter import Asked, Envelope
from moodtracker.mail.post import Kind
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.models import TroubleRow, UserRow
from moodtracker.moods import Mood
from moodtracker.secret import Secret
from support import pseudo_main
from support.pseudo_main import PSEUDO

ENVELOPE = Envelope("Moodtracker <mood@example.org>", "https://mood.example.org", 30)
_MONTHS = "|".join(language.month(number) for number in range(1, 13))
_SAME = (
    _MONTHS + r"|https?://\S+|\S+@\S+|Moodtracker|Ada|\bada\b|Sep|Nov\b|Tue(sday)?|&\w+;"
    r"|[A-Z][a-z]{2} "
)


@pytest.fixture
def circled(monkeypatch):
    monkeypatch.setattr(language, "LANGUAGES", dict(language.LANGUAGES))
    for name in ("_catalogue", "_locale"):
        monkeypatch.setattr(language, name, getattr(language, name))
    pseudo_main.speak_circled()


def plain(text):
    return re.findall(
        r"[A-Za-z]{2,}",
        re.sub(_SAME, "", re.sub(r"<(style|title).*?</\1>|<[^>]*>", "", text, flags=re.DOTALL)),
    )


@pytest.mark.parametrize("kind", sorted(Kind))
def test_a_mail_says_nothing_untranslated(database, join, diary, moved_clock, circled, kind):
    ada = join("ada", verified=kind not in (Kind.JOIN, Kind.VERIFY))
    values = {"language": PSEUDO, "reminder": True, "reminded_on": date(2026, 11, 24)}
    with database.write() as session:
        session.execute(update(UserRow).values(values))
    if kind == Kind.PREVIEW:
        diary.record(ada, date(2026, 11, 24), Mood.GOOD, "tap00001")
    if kind == Kind.TROUBLE:
        words = {"mail": "550", "clock": "", "held": "3", "overdue": clock.now().isoformat()}
        with database.write() as session:
            for what, said in (words | {"backup": "2026-11-20"}).items():
                row = {"kind": what, "since": clock.now(), "told_at": clock.now(), "words": said}
                session.add(TroubleRow(**row))
    writers = AccountMails(database, ENVELOPE).writers() | rehearsal.writers(database, ENVELOPE)
    unsubscribing = Unsubscribing(Secret("a secret of the tests"), ENVELOPE.base_url)
    writers |= reminder.writers(database, ENVELOPE, unsubscribing)
    writers |= trouble.writers(database, ENVELOPE)
    now = clock.now()
    asked = Asked(
        user_id=ada.person.id,
        kind=kind,
        email="ada@example.org",
        name="Ada",
        created_at=now,
        message_id="f00",
        date=now,
    )
    with speaking(PSEUDO):
        letter = writers[kind](asked)
    message = message_from_bytes(letter.content, policy=policy.default)
    assert plain(message["Subject"]) == []
    for form in ("plain", "html"):
        assert plain(message.get_body([form]).get_content()) == []


def test_a_picture_says_nothing_untranslated(database, join, moved_clock, circled):
    board = rehearsal.current_board(database, join("ada").person)
    with speaking(PSEUDO):
        for picture in (layout.landscape(board), layout.poster(board)):
            for label in picture.labels:
                assert plain("".join(run.words for run in label.runs) + " ") == []

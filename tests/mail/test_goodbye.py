"""Good-byes: said once, to an address of which nothing is kept, in the language of who left."""

import re
from email import message_from_bytes, policy
from gettext import NullTranslations

import pytest
from sqlalchemy import text

from moodtracker import language
from moodtracker.mail import goodbye
from moodtracker.mail.goodbye import Farewell, Goodbyes
from moodtracker.mail.letter import Envelope
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.smtp import Smtp

ENVELOPE = Envelope("Moodtracker <mood@example.org>", "https://mood.example.org/board", 30)
ADA = Farewell("ada@example.org", "Ada", "en")


def written(farewell=ADA):
    content = goodbye.write(ENVELOPE, farewell).content
    return message_from_bytes(content, policy=policy.default)


@pytest.fixture
def goodbyes(database, mail_server):
    def make(limit=None):
        smtp = Smtp("127.0.0.1", mail_server.port, "none")
        return Goodbyes(database, smtp, ENVELOPE, HourlyLimit(limit))

    return make


def test_somebody_who_left_gets_a_goodbye(goodbyes, mail_server):
    goodbyes().say(ADA)
    assert mail_server.recipients() == ["ada@example.org"]
    plain = re.sub(r"\s+", " ", written().get_body(["plain"]).get_content())
    assert "Goodbye, Ada" in plain


@pytest.mark.parametrize(("spoken", "direction"), [("ar", "rtl"), ("en", "ltr")])
def test_a_goodbye_is_in_the_language_of_whoever_left(monkeypatch, spoken, direction):
    monkeypatch.setitem(language.LANGUAGES, "ar", "العربية")
    monkeypatch.setattr(language, "_catalogue", lambda _: NullTranslations())
    html = written(Farewell("ada@example.org", "Ada", spoken)).get_body(["html"]).get_content()
    assert f'<html lang="{spoken}" dir="{direction}">' in html


def test_a_name_is_no_header(goodbyes):
    message = written(Farewell("ada@example.org", "Ada\r\nBcc: all@example.org", "en"))
    assert message["Bcc"] is None


def test_a_goodbye_that_is_refused_is_forgotten(goodbyes, mail_server, database):
    mail_server.behaviour.rcpt["ada@example.org"] = "451 4.7.1 come back later"
    goodbyes().say(ADA)
    assert mail_server.taken == []
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM messages")) == 0


def test_goodbyes_count_among_the_hour_s_mails(goodbyes, mail_server):
    saying = goodbyes(limit=1)
    saying.say(ADA)
    saying.say(Farewell("bob@example.org", "Bob", "en"))
    assert mail_server.recipients() == ["ada@example.org"]


def test_a_refusal_leaves_no_address_in_the_log(goodbyes, mail_server, caplog):
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 <ada@example.org> no such person"
    goodbyes().say(ADA)
    assert "a good-bye was not taken" in caplog.text
    assert "ada" not in caplog.text


def test_nobody_to_say_it_to_is_no_matter(goodbyes, mail_server):
    goodbyes().say(None)
    goodbyes().say_soon(None)
    assert mail_server.taken == []

"""A relay that took a mail and sends it back: the board is held again, its person told (Y5b)."""

import base64
import os
import re
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from moodtracker.accounts import audit
from moodtracker.mail import dsn, post
from moodtracker.mail.bounces import Bounces, Outcome
from moodtracker.mail.dsn import NoReport
from moodtracker.models import UserRow, messages, sealed_years, users
from moodtracker.moods import Mood
from support.mail_server import MailServer
from support.postfix import Postfix
from support.server import ROOT
from support.year_end import KEEP, SECRET_KEY, make_closed_years, make_year_end, returning

BOUNCE = "bounce+{}@example.net"
FIXTURES = ROOT / "tests" / "fixtures" / "bounces"
SAMPLES = sorted(FIXTURES.glob("*.eml"))


@pytest.fixture
def year_end(database, mail_server):
    return make_year_end(database, mail_server.port, bounce_address=BOUNCE)


@pytest.fixture
def mailed(year_end, join, diary, moved_clock):
    """Ada's 2026 was mailed."""
    ada = join()
    diary.record(ada, moved_clock.now().date(), Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    return ada


@pytest.fixture
def bounces(database):
    return Bounces(database, returning(BOUNCE))


def board(database):
    with database.read() as session:
        return session.execute(select(*sealed_years)).one()


def report(sample, *, to="", message_id="<none@x>", recipient="ada@example.org"):
    text = sample.read_text()
    for name, value in {
        "RETURN_ADDRESS": to or "mood@example.org",
        "MESSAGE_ID": message_id,
        "RECIPIENT": recipient,
    }.items():
        text = text.replace(name, value)
    return dsn.read(text.encode())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
@pytest.mark.parametrize("by", ["signed address", "Message-ID"])
def test_a_board_that_comes_back_is_held_and_its_person_told(
    mailed, bounces, mail_server, database, live, sample, by
):
    told = []
    live.follow(mailed.person.id, lambda: told.append(1))
    known = (
        {"to": mail_server.senders[0]}
        if by == "signed address"
        else {"message_id": board(database).message_id}
    )
    found = report(sample, **known)
    assert bounces.take(found) == Outcome.HELD
    row = board(database)
    assert (row.state, row.refused_email) == ("held", "ada@example.org")
    assert "550" in row.last_error or sample.stem == "exim-plain"
    assert row.moods is not None
    assert told == [1]
    closed = make_closed_years(database).of(mailed.person)
    assert (closed.state, closed.erased_from, closed.reason) == ("held", None, row.last_error)
    assert bounces.take(found) == Outcome.HELD_BEFORE


def test_what_comes_back_is_not_erased_and_goes_out_again_to_another_address(
    mailed, year_end, bounces, mail_server, database, moved_clock
):
    bounces.take(report(SAMPLES[0], to=mail_server.senders[0]))
    moved_clock.moment += 2 * KEEP
    year_end.tick()
    assert board(database).moods is not None
    assert len(mail_server.taken) == 1
    with database.write() as session:
        session.execute(update(UserRow).values(email="lovelace@example.org"))
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org", "lovelace@example.org"]
    assert mail_server.senders[0] != mail_server.senders[1]
    # What comes back late from the old address says nothing of the new one.
    message_id = board(database).message_id
    for late in (
        report(SAMPLES[0], to=mail_server.senders[0]),
        report(SAMPLES[0], message_id=message_id),
    ):
        assert bounces.take(late) == Outcome.UNKNOWN
    assert board(database).state == "sent"


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "expanded"])
def test_only_a_mail_that_was_given_up_counts(mailed, bounces, mail_server, database, action):
    text = (FIXTURES / "microsoft.eml").read_text().replace("Action: failed", f"Action: {action}")
    found = dsn.read(text.replace("RETURN_ADDRESS", mail_server.senders[0]).encode())
    assert bounces.take(found) == Outcome.NOT_FAILED
    assert board(database).state == "sent"


def in_base64(text, after, before):
    """The report with the part after this header, up to the next boundary, in base64."""
    begins = text.index(after)
    body = text.index("\n\n", begins) + 2
    ends = text.index(before, body)
    coded = base64.encodebytes(text[body:ends].encode()).decode()
    head = text[begins:body].replace("Content-Transfer-Encoding: 8bit\n", "")
    return text[:begins] + "Content-Transfer-Encoding: base64\n" + head + coded + text[ends:]


STATUS, GLOBAL = "message/delivery-status", "message/global-delivery-status"
VARIANTS = {
    "comment": lambda text: text.replace("Action: failed", "Action: failed (no such user)"),
    "comment before": lambda text: text.replace("Action: failed", "Action: (a (b) c) Failed"),
    "semicolon": lambda text: text.replace("Action: failed", "Action: failed;"),
    "status in base64": lambda text: in_base64(text, f"Content-Type: {STATUS}", "--7CE9"),
    "global": lambda text: text.replace(STATUS, GLOBAL),
    "global in base64": lambda text: in_base64(
        text.replace(STATUS, GLOBAL), f"Content-Type: {GLOBAL}", "--7CE9"
    ),
    "mail in base64": lambda text: in_base64(text, "Content-Type: message/rfc822", "--7CE9"),
    "words behind the id": lambda text: re.sub(r"(Message-ID:\s+<.*>)", r"\1 (added by x)", text),
    "byte order mark": lambda text: "\ufeff" + text,
    "mailbox's line": lambda text: "From x Fri Jan  1 01:00:00 2027\n" + text,
    "mailbox's line, quoted": lambda text: ">From x Fri Jan  1 01:00:00 2027\n" + text,
    "no action, the status alone": lambda text: text.replace("Action: failed\n", ""),
    "no action, what the server said alone": lambda text: text.replace(
        "Action: failed\nStatus: 5.1.1\n", ""
    ),
    "Message-ID in the report alone": lambda text: re.sub(
        r"(Reporting-MTA: [^\n]*\n)(.*)Message-ID:\s+(<[^\n]*>)\n",
        r"\1X-Original-Message-ID: \3\n\2",
        text,
        flags=re.DOTALL,
    ),
    "attached as a file": lambda text: (
        "From: me@example.org\nTo: admin@example.org\nContent-Type: multipart/mixed; boundary=out"
        "\n\n--out\n\nLook.\n\n--out\nContent-Type: application/octet-stream\n"
        "Content-Transfer-Encoding: base64\n"
        'Content-Disposition: attachment; filename="Returned.EML"\n\n'
        f"{base64.encodebytes(text.encode()).decode()}\n--out--\n"
    ),
    "forwarded": lambda text: (
        "From: me@example.org\nTo: admin@example.org\nContent-Type: multipart/mixed; boundary=out"
        f"\n\n--out\n\nLook.\n\n--out\nContent-Type: message/rfc822\n\n{text}\n--out--\n"
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("by", ["signed address", "Message-ID"])
def test_a_report_is_read_however_it_is_written(
    mailed, bounces, mail_server, database, variant, by
):
    is_signed = by == "signed address"
    text = (FIXTURES / "postfix.eml").read_text()
    # The variant comes last, since it may hide what is to be filled in.
    message_id = "<none@x>" if is_signed else board(database).message_id
    for name, value in {
        "RETURN_ADDRESS": mail_server.senders[0] if is_signed else "mood@example.org",
        "MESSAGE_ID": message_id,
        "RECIPIENT": "ada@example.org",
    }.items():
        text = text.replace(name, value)
    changed = VARIANTS[variant](text)
    assert bounces.take(dsn.read(changed.encode())) == Outcome.HELD
    assert board(database).last_error == "550 5.1.1 <ada@example.org>: no such user"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_what_a_server_said_in_eight_bits_is_kept(charset):
    text = (FIXTURES / "postfix.eml").read_text()
    text = text.replace("5.1.1 <RECIPIENT>: no such user\n\n--", "Größe\n\n--")
    assert dsn.read(text.encode(charset)).failure().words == "550 Größe"


def test_the_address_that_it_came_to_may_have_its_brackets(mailed, bounces, mail_server):
    found = report(SAMPLES[0], message_id="<none@x>")
    assert bounces.take(found, [f"<{mail_server.senders[0]}>"]) == Outcome.HELD


def test_an_absence_note_is_no_bounce(mailed, bounces, mail_server, database):
    note = (
        f"To: {mail_server.senders[0]}\nSubject: I am away\nAuto-Submitted: auto-replied\n\nBye.\n"
    )
    assert bounces.take(dsn.read(note.encode())) == Outcome.NOT_FAILED
    assert board(database).state == "sent"


COPY = """\
From: Moodtracker <mood@example.org>
To: Ada <ada@example.org>
Message-ID: <year-2026.0@example.org>

x
"""
ATTACHED = f"""\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

WORDS

--b
Content-Type: message/rfc822

{COPY}
--b--
"""
FAILED_FOR_GOOD = "It failed: 550 5.1.1 no such user"


def notice(head, body):
    return f"To: RETURN_ADDRESS\n{head}\n{body}"


LIKELY_NOTICES = {
    "null sender": notice("Return-Path: <>\nSubject: failure\n", FAILED_FOR_GOOD),
    "null sender, few words": notice("Return-Path: <>\nFrom: x@example.com\n", "No.\n"),
    "daemon": notice("From: Mailer-Daemon@x.example\nSubject: returned\n", FAILED_FOR_GOOD),
    "postmaster": notice("From: Post <postmaster@x.example>\n", "No.\n"),
    "copy, sender unknown": notice(
        "From: Mail <noreply@x.example>", ATTACHED.replace("WORDS", "It could not be delivered.")
    ),
    "report without its status": notice(
        "From: postmaster@x.example",
        ATTACHED.replace("mixed", "report; report-type=delivery-status"),
    ),
    "copy below a line": notice(
        "From: noreply@x.example\n", f"{FAILED_FOR_GOOD}\n\n--- A copy\n\n{COPY}"
    ),
}


@pytest.mark.parametrize("name", LIKELY_NOTICES)
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_a_notice_in_words_counts_where_only_bounces_come_to(
    mailed, bounces, mail_server, database, name, line
):
    text = LIKELY_NOTICES[name].replace("RETURN_ADDRESS", mail_server.senders[0])
    assert bounces.take(dsn.read(text.replace("\n", line).encode())) == Outcome.HELD
    said = "550 5.1.1 no such user" if FAILED_FOR_GOOD in text else "it came back"
    assert board(database).last_error == said


OTHER_MAILS = {
    "absence": notice(
        "Return-Path: <>\nSubject: I am away\nAuto-Submitted: auto-replied (vacation)\n", "Bye."
    ),
    "absence that quotes": notice(
        "From: ada@example.org\nAuto-Submitted: auto-replied", ATTACHED.replace("WORDS", "Bye.")
    ),
    "absence, old": notice("Return-Path: <>\nPrecedence: bulk\n", "Bye."),
    "absence by its subject": notice("Return-Path: <>\nSubject: Out of Office: hello\n", "Bye."),
    "absence, encoded": notice(
        "Return-Path: <>\nSubject: =?utf-8?Q?R=C3=A9ponse_automatique?=\n", "Au revoir."
    ),
    "absence, another header": notice("Return-Path: <>\nX-Autoreply: yes\n", "Bye."),
    "somebody's answer": notice(
        "Return-Path: <ada@example.org>\nFrom: ada@example.org\n", FAILED_FOR_GOOD
    ),
    "somebody's answer, sender unknown": notice("From: ada@example.org\n", "Thank you!"),
    "late": notice(
        "From: Mailer-Daemon@x.example\nSubject: Warning: message delayed 24 hours",
        ATTACHED.replace("WORDS", "It was not delivered yet."),
    ),
    "late, by its words": notice(
        "From: Mailer-Daemon@x.example\nSubject: Your message",
        ATTACHED.replace("WORDS", "No action is required on your part."),
    ),
    "delivered": notice("Return-Path: <>\nSubject: Successful Mail Delivery Report\n", "Well."),
    "receipt": notice(
        "Return-Path: <>\nSubject: Your 2026",
        ATTACHED.replace("mixed", "report; report-type=disposition-notification"),
    ),
    "complaint": notice(
        "From: postmaster@x.example",
        ATTACHED.replace("mixed", "report; report-type=feedback-report"),
    ),
}


@pytest.mark.parametrize("name", OTHER_MAILS)
def test_what_is_no_notice_of_a_failure_holds_nothing(mailed, bounces, mail_server, database, name):
    text = OTHER_MAILS[name].replace("RETURN_ADDRESS", mail_server.senders[0])
    assert bounces.take(dsn.read(text.encode())) == Outcome.NOT_FAILED
    assert board(database).state == "sent"


@pytest.mark.parametrize("name", ["null sender", "postmaster", "copy, sender unknown"])
def test_a_notice_in_words_that_came_elsewhere_says_nothing(mailed, bounces, database, name):
    text = LIKELY_NOTICES[name].replace("RETURN_ADDRESS", "mood@example.org")
    text = text.replace("<year-2026.0@example.org>", board(database).message_id)
    assert bounces.take(dsn.read(text.encode())) == Outcome.NOT_FAILED
    assert board(database).state == "sent"


@pytest.mark.parametrize(
    ("ours", "others", "is_held"),
    [
        ("delivered", "failed", False),
        ("relayed", "failed", False),
        ("expanded", "failed", False),
        ("delayed", "failed", False),
        ("failed", "delivered", True),
        (None, "failed", True),  # it was handed on, and failed there
        (None, "delayed", False),
    ],
)
@pytest.mark.parametrize("by", ["signed address", "Message-ID"])
def test_what_a_report_says_of_our_recipient_counts(
    mailed, bounces, mail_server, database, ours, others, is_held, by
):
    blocks = {"RECIPIENT": ours, "list@else.example": others}
    status = "\n".join(
        f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: 5.0.0\n"
        for who, action in blocks.items()
        if action
    )
    text = (FIXTURES / "postfix.eml").read_text()
    text = re.sub(r"Final-Recipient:.*?no such user\n", status, text, count=1, flags=re.DOTALL)
    is_signed = by == "signed address"
    text = text.replace("RETURN_ADDRESS", mail_server.senders[0] if is_signed else "x@example.org")
    text = text.replace("MESSAGE_ID", "<none@x>" if is_signed else board(database).message_id)
    text = text.replace("RECIPIENT", "Ada@Example.org")
    outcome = Outcome.HELD if is_held else Outcome.NOT_FAILED
    assert bounces.take(dsn.read(text.encode())) == outcome


def test_a_stranger_cannot_have_a_board_held(mailed, bounces, mail_server, database):
    sender = mail_server.senders[0]
    local, _, domain = sender.partition("@")
    kind, year, signature = local.partition("+")[2].split("-")
    for forged in (
        "mood@example.org",
        f"bounce+{kind}-{year}-{'0' * 16}@{domain}",
        f"bounce+y2-{year}-{signature}@{domain}",
        f"bounce+{kind}-2025-{signature}@{domain}",
        f"bounce+{kind}-{year}@{domain}",
        f"{local}@example.com",
        f"bounce+y99999999999-{year}-{signature}@{domain}",
    ):
        found = report(SAMPLES[0], to=forged, message_id="<year-2026.0@example.org>")
        assert bounces.take(found) == Outcome.UNKNOWN
    assert board(database).state == "sent"


def test_the_return_address_is_short_and_may_be_written_in_any_case(
    mailed, bounces, mail_server, database
):
    longest = returning("b" * 19 + "{}@example.net").of_message(2**31 - 1, "0123456789abcdef")
    assert len(longest.partition("@")[0]) == 64
    assert bounces.take(report(SAMPLES[0], to=mail_server.senders[0].upper())) == Outcome.HELD


def test_without_a_bounce_address_mails_are_sent_by_mail_from(
    join, diary, database, mail_server, moved_clock
):
    diary.record(join(), moved_clock.now().date(), Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1, 9)
    make_year_end(database, mail_server.port).tick()
    assert mail_server.senders == ["mood@example.org"]


def test_another_mail_that_comes_back_is_noted_once_at_its_account(join, bounces, database):
    ada = join().person
    with database.write() as session:
        post.ask(session, post.Kind.VERIFY, "ada@example.org", user_id=ada.id)
    with database.read() as session:
        key = session.scalar(select(messages.id))
    found = report(SAMPLES[0], to=returning(BOUNCE).of_message(ada.id, key))
    for _ in range(2):
        assert bounces.take(found) == Outcome.NOTED
    events = [record.event for record in audit.of(database, ada.id)]
    assert events.count(audit.Event.MAIL_CAME_BACK) == 1
    forged = returning(BOUNCE).of_message(ada.id, key).replace("-" + key, "-" + "0" * 16)
    assert bounces.take(report(SAMPLES[0], to=forged)) == Outcome.UNKNOWN


def test_who_found_a_bounce_in_their_own_mailbox_says_whose_it_is(mailed, bounces, database):
    assert bounces.hold("nobody", "") == Outcome.UNKNOWN
    assert bounces.hold("ada", "550 no such user") == Outcome.HELD
    assert board(database).last_error == "550 no such user"
    assert bounces.hold("ada", "again") == Outcome.UNKNOWN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\n",
        b"no mail at all",
        b"\xff\xfe\x00\x01",
        b"From: a@b\nContent-Type: multipart/report; boundary=x\n\n--x\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n--x--\n",
    ],
)
def test_what_is_no_report_is_refused_in_words(content):
    with pytest.raises(NoReport):
        dsn.read(content)


@given(st.sampled_from(SAMPLES), st.binary(max_size=400), st.integers(0, 2500))
def test_no_damage_to_a_report_breaks_its_reading(sample, noise, place):
    whole = sample.read_bytes()
    with suppress(NoReport):
        dsn.read(whole[:place] + noise + whole[place:])


# --- who hears of no bounce


def test_where_no_bounce_is_heard_of_a_year_stays_until_its_person_was_here(
    join, diary, database, mail_server, moved_clock
):
    ada = join()
    diary.record(ada, moved_clock.now().date(), Mood.GOOD, "tap00001")
    deaf = make_year_end(database, mail_server.port, hears_bounces=False)
    moved_clock.set(2027, 1, 1, 9)
    deaf.tick()
    moved_clock.moment += 2 * KEEP
    deaf.tick()
    assert board(database).moods is not None
    visit(database, ada, moved_clock.now())
    deaf.tick()
    assert board(database).moods is None


def test_where_no_bounce_is_heard_of_who_was_here_keeps_it_for_the_days_that_are_set(
    join, diary, database, mail_server, moved_clock
):
    ada = join()
    diary.record(ada, moved_clock.now().date(), Mood.GOOD, "tap00001")
    deaf = make_year_end(database, mail_server.port, hears_bounces=False)
    moved_clock.set(2027, 1, 1, 9)
    deaf.tick()
    visit(database, ada, moved_clock.now().replace(hour=10))
    moved_clock.set(2027, 1, 31, 8, 59)
    deaf.tick()
    assert board(database).moods is not None
    moved_clock.set(2027, 1, 31, 9)
    deaf.tick()
    assert board(database).moods is None


def test_who_never_comes_back_has_their_year_until_the_next_one_is_over(
    join, diary, database, mail_server, moved_clock
):
    diary.record(join(), moved_clock.now().date(), Mood.GOOD, "tap00001")
    deaf = make_year_end(database, mail_server.port, hears_bounces=False)
    moved_clock.set(2027, 1, 1, 9)
    deaf.tick()
    moved_clock.set(2027, 12, 31)
    deaf.tick()
    assert board(database).moods is not None
    moved_clock.set(2028, 2, 2)
    deaf.tick()
    assert board(database).moods is None


def visit(database, who, moment):
    with database.write() as session:
        session.execute(update(UserRow).where(users.id == who.person.id).values(visited_at=moment))


# --- the command, and a real Postfix


@pytest.fixture
def command(tmp_path):
    """Runs `moodtracker bounce` on the database of a folder, as a pipe does."""

    def run(content, *words, **settings):
        return subprocess.run(
            [sys.executable, "-m", "moodtracker", "bounce", *words],
            input=content,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env=os.environ
            | {"PYTHONPATH": str(ROOT)}
            | {f"MOODTRACKER_{name}": value for name, value in settings.items()},
        )

    return run


def test_the_command_ends_as_a_pipe_understands(command, tmp_path):
    settings = {"DATA_DIR": str(tmp_path / "data"), "BOUNCE_ADDRESS": "bounce@example.net"}
    for content, status in ((b"", os.EX_DATAERR), (b"\x00\xff", os.EX_DATAERR)):
        done = command(content, **settings)
        assert (done.returncode, done.stdout) == (status, b"")
        assert len(done.stderr.splitlines()) == 1
    done = command(
        SAMPLES[0].read_bytes(), "bounce+y1-2026-0123456789abcdef@example.net", **settings
    )
    assert (done.returncode, done.stdout.decode().strip()) == (0, Outcome.UNKNOWN)
    (tmp_path / "file").touch()
    done = command(SAMPLES[0].read_bytes(), **settings | {"DATA_DIR": str(tmp_path / "file")})
    assert done.returncode == os.EX_TEMPFAIL
    assert b"Traceback" not in done.stderr


@pytest.fixture
def next_hop():
    """A server that has no ada, behind a relay that takes mails for everybody."""
    server = MailServer().start()
    server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 <ada@example.org>: no such user"
    yield server
    server.stop()


@pytest.fixture
def postfix(next_hop):
    relay = Postfix(next_hop.port, "bounce@example.net").start()
    yield relay
    relay.stop()


def test_postfix_takes_a_board_and_sends_it_back(
    postfix, command, join, diary, database, database_url, moved_clock, tmp_path
):
    diary.record(join(), moved_clock.now().date(), Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1, 9)
    make_year_end(database, postfix.port, bounce_address=BOUNCE).tick()
    assert board(database).state == "sent"
    content = postfix.returned()
    done = command(
        content,
        DATABASE_URL=database_url,
        DATA_DIR=str(tmp_path / "data"),
        SECRET_KEY=SECRET_KEY,
        BOUNCE_ADDRESS="bounce@example.net",
    )
    assert (done.returncode, done.stdout.decode().strip()) == (0, Outcome.HELD), done.stderr
    row = board(database)
    assert row.state == "held"
    assert row.last_error == "550 5.1.1 <ada@example.org>: no such user"

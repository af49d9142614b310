"""What people type ends no header of a mail, whichever Python writes it."""

from base64 import b64encode
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from moodtracker import python_holes
from moodtracker.mail import mime
from moodtracker.mail.message import begin

ENCODED = b64encode(b"\r\nReply-To:a@evil.example\r\n\r\nSee http://evil.example/win").decode()
NAMES = [
    "Ada\r\nBcc: evil@example.org",
    "=?utf-8?q?=0D=0ABcc:_evil@example.org?=",
    "=?utf-8?q?=0D=0A=0D=0AThe_whole_mail?=",
    f"=?utf-8?b?{ENCODED}?=",
    "=\N{ZERO WIDTH SPACE}?utf-8?q?=0D=0ABcc:_e?=",
    "=\x00?utf-8?q?=0D=0ABcc:_e?=",
    "==??utf-8?q?=0D=0ABcc:_e?==",
    "=?utf-8?q?=0D?= =?utf-8?q?=0ABcc:_e?=",
]
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]


def message(name, address="ada@example.org"):
    return begin(
        name=name,
        address=address,
        sender="Moodtracker <mood@example.org>",
        subject=f"Welcome, {name}",
        message_id="<1@example.org>",
        date=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("address", ["ada@example.org", "zoë@example.org"])
def test_a_name_ends_no_header(name, address):
    headers = message(name, address)
    by_hand = mime.message(headers, mime.quoted_text("plain", "Hello."))
    headers.set_content("Hello.")
    for content in (by_hand, mime.finished(headers)):
        read = message_from_bytes(content, policy=policy.SMTPUTF8)
        assert read.keys()[: len(HEADERS)] == HEADERS
        assert not {"Bcc", "Reply-To"} & set(read.keys())
        found = read["To"].addresses[0].addr_spec
        assert found.encode(errors="surrogateescape") == address.encode()
        assert read.get_content().strip() == "Hello."


def test_an_address_ends_no_header():
    with pytest.raises(ValueError, match="not a mail address"):
        message("Ada", "=?utf-8?q?=0D=0ABcc=3A_x?=@example.org")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\r\n\r\n", "\r\n \r\n"])
def test_headers_that_hold_a_line_break_are_not_sent(end):
    content = mime.quoted_text("plain", "Hello.")
    with pytest.raises(ValueError, match="line break"):
        mime.message(message("Ada"), content, f"X-First: a{end}Bcc: evil@example.org")


def test_a_long_header_may_go_on_in_the_next_line():
    headers = message("Ada " * 30 + "Ärmel " * 20)
    headers.set_content("Hello.")
    assert b"\r\n " in mime.finished(headers)


def test_a_python_whose_holes_are_closed_is_not_warned_of(monkeypatch):
    for where, closed in python_holes._CLOSED_BY.values():
        monkeypatch.setattr(where, closed, True, raising=False)
    assert python_holes.known() == ""


def test_a_python_with_known_holes_is_named_in_one_line(monkeypatch):
    for where, closed in python_holes._CLOSED_BY.values():
        monkeypatch.delattr(where, closed, raising=False)
    line = python_holes.known()
    assert "CVE-2024-6923" in line
    assert "CVE-2024-7592" in line
    assert "\n" not in line

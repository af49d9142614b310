"""The year-end mail is complete, safe, and the same on each try."""

import csv
import email
import email.policy
import io
import random
import re
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage, MIMEPart
from html.parser import HTMLParser
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moodtracker import export
from moodtracker.board import Board, Entry
from moodtracker.drawing import layout, png
from moodtracker.mail import year_end
from moodtracker.moods import Mood

MESSAGE_ID = "<year-2026.0123456789abcdef0123456789abcdef@example.org>"


def full_year(seed: int) -> Board:
    """Two moods on every day of 2026, at random."""
    chance = random.Random(seed)
    entries = []
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(number)
        for slot in (1, 2):
            moment = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(
                number, chance.randrange(50000)
            )
            entries.append(Entry(day, slot, chance.choice(list(Mood)), moment))
    return Board(2026, "Europe/Berlin", tuple(entries))


def single(mood: Mood = Mood.GOOD) -> Board:
    day = date(2026, 3, 3)
    return Board(2026, "UTC", (Entry(day, 1, mood, datetime(2026, 3, 3, 9, tzinfo=UTC)),))


UNSUBSCRIBE = "https://mood.example.org/unsubscribe?of=12345." + 40 * "a"
FULL = full_year(1)
EMPTY = Board(2026, "UTC", ())


def compose(board: Board = FULL, **changed: Any) -> bytes:
    arguments: dict[str, Any] = {
        "name": "Ada",
        "address": "ada@example.org",
        "sender": "Moodtracker <mood@example.org>",
        "message_id": MESSAGE_ID,
        "date": datetime(2027, 1, 1, 8, tzinfo=UTC),
        "base_url": "https://mood.example.org/",
        "keep_days": 30,
        "unsubscribe_address": UNSUBSCRIBE,
    }
    return year_end.compose(board, **(arguments | changed))


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return cast(str, body.get_content()).replace("\r\n", "\n")


def plain(raw: bytes) -> str:
    return part(parsed(raw), "plain")


def html(raw: bytes) -> str:
    return part(parsed(raw), "html")


def attachments(raw: bytes) -> dict[str | None, bytes]:
    return {
        attachment.get_filename(): cast(bytes, attachment.get_payload(decode=True))
        for attachment in parsed(raw).iter_attachments()
    }


def shape(message: MIMEPart) -> Any:
    if message.is_multipart():
        return (message.get_content_type(), [shape(each) for each in message.iter_parts()])
    return message.get_content_type()


class Reader(HTMLParser):
    """What a person with images off reads, and each tag's attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._in_style = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.words.extend(data.split())

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# --- headers


def test_the_headers_say_who_what_and_that_no_person_wrote_it() -> None:
    message = parsed(compose())
    assert message["From"] == "Moodtracker <mood@example.org>"
    assert message["To"] == "Ada <ada@example.org>"
    assert message["Subject"] == "Your 2026 in moods"
    assert message["Message-ID"] == MESSAGE_ID
    assert message["Date"].datetime == datetime(2027, 1, 1, 8, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"


def test_the_mail_program_can_stop_these_mails_with_one_click() -> None:
    """RFC 2369 and RFC 8058; one line, however long the address is."""
    raw = compose()
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    message = parsed(raw)
    assert message["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert UNSUBSCRIBE in plain(raw)


def test_a_mail_that_was_asked_for_has_nothing_to_be_stopped() -> None:
    raw = compose(unsubscribe_address="", rehearsal=True)
    assert b"List-Unsubscribe" not in raw
    assert "Stop these mails" not in plain(raw) + html(raw)


def test_a_sender_may_be_a_bare_address() -> None:
    assert parsed(compose(sender="mood@example.org"))["From"] == "mood@example.org"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Lovelace, Ada", "Lovelace, Ada"),
        ("Zoë 😄 Müller", "Zoë 😄 Müller"),
        ('"Ada" <evil@example.net>', '"Ada" <evil@example.net>'),
        ("Ada\r\nBcc: evil@example.net", "Ada Bcc: evil@example.net"),
        ("Ada\0\x1b[31m\x85\u2028x", "Ada [31m x"),
        ("Ada\ud800", "Ada"),
        ("=?utf-8?q?Ada?=", None),
        ("李" * 60, "李" * 60),
        ("a" * 200, "a" * 200),
        ("", ""),
        (" \r\n ", ""),
    ],
)
def test_no_name_reaches_beyond_its_own_place(name: str, shown: str | None) -> None:
    raw = compose(name=name)
    message = parsed(raw)
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "ada@example.org"
    assert message["Bcc"] is None
    assert message.keys().count("To") == 1
    if shown is not None:
        # This parser of Python's leaves a blank where a long name was folded (RFC 2047, 6.2).
        assert recipient.display_name.replace(" ", "") == shown.replace(" ", "")
    assert not message.defects
    assert not message["To"].defects


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=100))
def test_any_name_makes_a_mail_to_one_person(name: str) -> None:
    raw = compose(EMPTY, name=name)
    message = parsed(raw)
    assert [to.addr_spec for to in message["To"].addresses] == ["ada@example.org"]
    assert set(message.keys()) == set(parsed(compose(EMPTY)).keys())
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) < 998
    Reader(html(raw))


def test_a_name_is_text_in_the_page_and_never_markup() -> None:
    raw = compose(name="<img src=x onerror=alert(1)>{{ 7 * 7 }}")
    assert "&lt;img src=x onerror=alert(1)&gt;{{ 7 * 7 }}, here is your 2026" in html(raw)
    assert len(Reader(html(raw)).of("img")) == 1
    assert "<img src=x onerror=alert(1)>{{ 7 * 7 }}, here is your 2026" in plain(raw)


def test_an_address_with_letters_of_its_own_is_written_as_it_is() -> None:
    raw = compose(address="zoë@example.org", name="Zoë")
    message = parsed(raw)
    assert "To: Zoë <zoë@example.org>\r\n".encode() in raw
    assert message["Subject"] == "Your 2026 in moods"


def test_a_long_domain_leaves_addresses_and_message_id_whole() -> None:
    domain = ".".join(["a" * 60] * 3) + ".org"
    message_id = f"<year-2026.{'0' * 32}@{domain}>"
    message = parsed(
        compose(address=f"ada@{domain}", sender=f"Mood <m@{domain}>", message_id=message_id)
    )
    assert message["To"].addresses[0].addr_spec == f"ada@{domain}"
    assert message["From"].addresses[0].addr_spec == f"m@{domain}"
    assert message["Message-ID"].strip() == message_id


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "@b", "a b@b", "a@b\r\nBcc: e@x", "(@b", "zoë@", "ë\r\nX: y@b"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        compose(address=address)


# --- structure


def test_the_parts_nest_so_that_every_client_finds_what_it_can_show() -> None:
    assert shape(parsed(compose())) == (
        "multipart/mixed",
        [
            (
                "multipart/alternative",
                ["text/plain", ("multipart/related", ["text/html", "image/png"])],
            ),
            "image/png",
            "text/csv",
        ],
    )


def test_the_picture_in_the_page_is_the_inline_part() -> None:
    raw = compose()
    (image,) = Reader(html(raw)).of("img")
    (inline,) = [p for p in parsed(raw).walk() if p.get_content_disposition() == "inline"]
    assert image["src"] == "cid:" + inline["Content-ID"].strip("<>")
    assert inline.get_payload(decode=True) == png.draw(layout.landscape(FULL))


def test_picture_and_table_are_attached_under_the_name_of_the_year() -> None:
    assert list(attachments(compose())) == ["moodtracker-2026.png", "moodtracker-2026.csv"]


def test_the_attached_picture_shows_each_day_of_the_board() -> None:
    image = Image.open(io.BytesIO(attachments(compose())["moodtracker-2026.png"])).convert("RGB")
    for day, (first, second) in FULL.by_day.items():
        box = layout.square(day)
        at = (box.left + 9, box.top + 9), (box.right - 10, box.bottom - 10)
        shown = tuple(image.getpixel(point) for point in at)
        assert shown == tuple(tuple(bytes.fromhex(e.mood.light[1:])) for e in (first, second))


def test_the_attached_table_has_every_mood_with_its_time() -> None:
    table = attachments(compose())["moodtracker-2026.csv"]
    assert table == export.as_csv(FULL, has_notes=False).encode()
    records = list(csv.DictReader(io.StringIO(table.decode(), newline="")))
    assert [
        (r["day"], int(r["slot"]), int(r["mood"]), datetime.fromisoformat(r["recorded_at"]))
        for r in records
    ] == [
        (e.day.isoformat(), e.slot, e.mood, e.recorded_at.replace(microsecond=0))
        for e in FULL.entries
    ]


def test_notes_are_in_the_table_if_their_person_wants_them_there() -> None:
    entry = single().entries[0]._replace(note="Ärger, then =cake")
    board = Board(2026, "UTC", (entry,))
    assert "cake" not in attachments(compose(board))["moodtracker-2026.csv"].decode()
    raw = compose(board, has_notes=True)
    table = attachments(raw)["moodtracker-2026.csv"].decode("utf-8-sig")
    assert table == export.as_csv(board).removeprefix("\ufeff")
    assert raw.isascii()


def noted(count: int) -> Board:
    entries = tuple(
        entry._replace(note=f"secret {number}") for number, entry in enumerate(FULL.entries[:count])
    )
    return Board(2026, "UTC", entries + FULL.entries[count:])


@pytest.mark.parametrize(("count", "words"), [(1, "Your note is"), (12, "Your 12 notes are")])
def test_a_mail_without_the_notes_says_how_many_are_only_on_the_server_and_until_when(
    count, words
) -> None:
    message = parsed(compose(noted(count), notes_until=date(2027, 12, 31)))
    for kind in ("plain", "html"):
        said = " ".join(message.get_body([kind]).get_content().split())
        assert f"{words} not in this email" in said
        assert "Download everything by 31 December 2027." in said
        assert said.count("https://mood.example.org/#closed-year") == 1
        assert "Your 2026 stays on the server until you have downloaded it with its notes" in said
        assert "removed" not in said
    assert "secret" not in message.as_string()


@pytest.mark.parametrize(
    "changed",
    [
        {"board": noted(12), "has_notes": True, "notes_until": date(2027, 12, 31)},
        {"board": noted(12), "notes_until": None},  # they were downloaded
        {"board": FULL, "notes_until": date(2027, 12, 31)},
    ],
)
def test_a_mail_whose_person_has_all_notes_says_nothing_of_them(changed) -> None:
    message = parsed(compose(**changed))
    for kind in ("plain", "html"):
        said = " ".join(message.get_body([kind]).get_content().split())
        assert "Download everything" not in said
        assert "removed from the server 30 days after this mail has arrived" in said


def test_a_rehearsal_says_how_many_notes_it_leaves_out_and_where_to_change_that() -> None:
    message = parsed(compose(noted(3), rehearsal=True))
    for kind in ("plain", "html"):
        said = " ".join(message.get_body([kind]).get_content().split())
        assert "Your 3 notes are not in this email. Your settings can change that." in said
        assert "Download everything" not in said


def test_the_bytes_are_the_same_on_each_try() -> None:
    assert compose() == compose()


def test_the_bytes_pass_any_server() -> None:
    raw = compose()
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\0" not in raw
    lines = [line for line in raw.split(b"\r\n") if not line.startswith(b"List-Unsubscribe")]
    assert max(map(len, lines)) <= 78
    bare = compose(unsubscribe_address="")
    assert parsed(bare).as_bytes(policy=email.policy.SMTP) == bare


def test_a_mail_stays_small_and_its_page_far_below_what_clients_cut_off() -> None:
    raw = compose()
    assert len(raw) < 96 * 1024
    assert len(png.draw(layout.landscape(FULL))) < 30_000
    assert len(html(raw).encode()) < 20_000


# --- words


def test_the_page_tells_everything_with_images_off() -> None:
    read = Reader(html(compose(single())))
    assert "Ada, here is your 2026 One square for each day. Yours to keep." in read.text
    assert "1 day with a mood Good most often March brightest month Tuesday brightest" in read.text
    assert "1 of 365 days has a mood Great 0 Good 1 Okay 0 Bad 0 Awful 0" in read.text
    (image,) = read.of("img")
    assert image["alt"] == (
        "Your 2026, one square for each day: 1 of 365 days has a mood."
        " Great 0, Good 1, Okay 0, Bad 0, Awful 0."
    )


def test_the_page_has_a_language_a_title_and_one_link_to_the_app() -> None:
    read = Reader(html(compose()))
    assert read.of("html") == [{"lang": "en", "dir": "ltr"}]
    assert read.text.startswith("Your 2026 in moods ")
    assert [link["href"] for link in read.of("a")] == ["https://mood.example.org/", UNSUBSCRIBE]


def test_the_page_loads_nothing_from_anywhere() -> None:
    markup = html(compose())
    assert re.findall(r"https?://[^\"' <]+", markup) == [
        "https://mood.example.org/",
        UNSUBSCRIBE,
    ]
    for forbidden in ("<svg", "data:", "url(", "@import", "<script", "<link", "@font-face"):
        assert forbidden not in markup


def test_the_plain_text_stands_on_its_own() -> None:
    day = date(2026, 1, 5)
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC)
    entries = (
        Entry(day, 1, Mood.GREAT, moment),
        Entry(day, 2, Mood.BAD, moment),
        Entry(date(2026, 1, 6), 1, Mood.GREAT, moment),
        Entry(date(2026, 12, 31), 1, Mood.OKAY, moment),
    )
    text = plain(compose(Board(2026, "UTC", entries)))
    assert text.startswith("Ada, here is your 2026\nOne square for each day")
    assert "\n3         days with a mood\nGreat     most often\nJanuary   brightest month\n" in text
    assert "\n😄 Great    2\n🙂 Good     0\n😐 Okay     1\n🙁 Bad      1\n😢 Awful    0\n" in text
    assert "\nJan  😄 2  🙁 1\nFeb  no mood\n" in text
    assert "\nDec  😐 1\n" in text
    assert "\nMoodtracker: https://mood.example.org/\n" in text


@pytest.mark.parametrize("name", ["Ada", "x" * 200, "Ada " * 40])
def test_the_plain_text_is_wrapped_under_78_columns(name: str) -> None:
    text = plain(compose(name=name, unsubscribe_address=""))
    assert max(map(len, text.splitlines())) < 78


@pytest.mark.parametrize("board", [EMPTY, single()])
@pytest.mark.parametrize("rehearsal", [False, True])
def test_a_board_with_little_in_it_reads_well(board: Board, rehearsal: bool) -> None:
    raw = compose(board, rehearsal=rehearsal)
    for text in (plain(raw), Reader(html(raw)).text):
        assert "None" not in text
        assert not re.search(r"\b1\s+days", text)
        assert "\n\n\n" not in text


def test_an_empty_board_has_no_favourites_and_no_totals() -> None:
    raw = compose(EMPTY)
    assert "0 days with a mood" in Reader(html(raw)).text
    for text in (plain(raw), Reader(html(raw)).text):
        assert "most often" not in text
        assert "Awful" not in text


def test_a_person_without_a_name_is_greeted_all_the_same() -> None:
    raw = compose(name="")
    assert plain(raw).startswith("Here is your 2026\n")
    assert "Here is your 2026" in html(raw)


@pytest.mark.parametrize(
    ("keep_days", "when"),
    [(30, "30 days after"), (1, "1 day after"), (0, "as soon as"), (90, "90 days after")],
)
def test_the_mail_says_when_the_server_forgets_the_year(keep_days: int, when: str) -> None:
    sentence = (
        f"Your moods of 2026 are removed from the server {when} this mail has arrived;"
        " this mail and the attached picture and table are yours to keep."
        " You get this once a year."
    )
    raw = compose(keep_days=keep_days)
    assert sentence in " ".join(plain(raw).split())
    assert sentence in Reader(html(raw)).text


def test_a_rehearsal_says_so_first_and_speaks_of_no_removal() -> None:
    today = date(2026, 3, 4)
    board = Board(2026, "UTC", single().entries, today)
    raw = compose(board, rehearsal=True)
    warning = "This is a rehearsal: your year is not over and nothing is deleted."
    assert parsed(raw)["Subject"] == "Rehearsal: your 2026 so far"
    assert plain(raw).startswith(warning)
    for text in (plain(raw), Reader(html(raw)).text):
        assert warning in text
        assert "Ada, here is your 2026 so far" in text
        assert "removed" not in text
    assert "1 of 63 days has a mood" in html(raw)


def test_a_rehearsal_lists_no_month_that_has_not_begun() -> None:
    board = Board(2026, "UTC", single().entries, date(2026, 3, 4))
    text = plain(compose(board, rehearsal=True))
    assert "\nMar  🙂 1\n" in text
    assert "\nApr " not in text

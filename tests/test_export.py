"""What a person takes home is complete and reads anywhere."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodtracker import export
from moodtracker.board import Board, Entry
from moodtracker.moods import Mood

SUMMER = Entry(date(2026, 7, 1), 1, Mood.GOOD, datetime(2026, 7, 1, 7, 5, 9, 999, tzinfo=UTC))
WINTER = Entry(date(2026, 12, 31), 2, Mood.AWFUL, datetime(2026, 12, 31, 22, 59, tzinfo=UTC))

# What a database of either kind can hold.
notes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=280)

boards = st.builds(
    Board,
    st.just(2026),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati"]),
    st.lists(
        st.builds(
            Entry,
            st.dates(date(2026, 1, 1), date(2026, 12, 31)),
            st.sampled_from([1, 2]),
            st.sampled_from(Mood),
            st.integers(0, 365 * 86400).map(
                lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
            ),
            st.just(""),
            notes,
        )
    ).map(tuple),
)


def test_a_table_tells_times_in_the_zone_of_the_board_with_its_offset() -> None:
    assert export.as_csv(Board(2026, "Europe/Berlin", (SUMMER, WINTER))) == (
        "day,slot,mood,name,recorded_at,note\r\n"
        "2026-07-01,1,4,good,2026-07-01T09:05:09+02:00,\r\n"
        "2026-12-31,2,1,awful,2026-12-31T23:59:00+01:00,\r\n"
    )


def test_an_empty_board_is_a_table_with_its_header_alone() -> None:
    assert export.as_csv(Board(2026, "UTC", ())) == ("day,slot,mood,name,recorded_at,note\r\n")
    assert json.loads(export.as_json(Board(2026, "UTC", ())))["entries"] == []


def test_json_holds_year_zone_and_entries() -> None:
    assert json.loads(export.as_json(Board(2026, "Asia/Tokyo", (SUMMER,)))) == {
        "year": 2026,
        "zone": "Asia/Tokyo",
        "entries": [
            {
                "day": "2026-07-01",
                "slot": 1,
                "mood": 4,
                "name": "good",
                "recorded_at": "2026-07-01T16:05:09+09:00",
                "note": "",
            }
        ],
    }


def with_note(note: str) -> Board:
    return Board(2026, "UTC", (SUMMER._replace(note=note),))


def table(board: Board) -> list[dict[str, str]]:
    """What a program reads that knows RFC 4180 and Unicode's byte order mark."""
    text = export.as_csv(board).encode().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@given(boards)
def test_every_entry_comes_back_from_table_and_json_as_it_was(board: Board) -> None:
    for records in (table(board), json.loads(export.as_json(board))["entries"]):
        assert [
            Entry(
                date.fromisoformat(record["day"]),
                int(record["slot"]),
                Mood[record["name"].upper()],
                datetime.fromisoformat(record["recorded_at"]).astimezone(UTC),
                note=record["note"] if isinstance(record["slot"], int) else typed(record["note"]),
            )
            for record in records
        ] == list(board.entries)
        assert [int(record["mood"]) for record in records] == [e.mood for e in board.entries]


def typed(cell: str) -> str:
    """The note as it was typed: what stands before a formula is taken away."""
    rest = cell.removeprefix("'").lstrip()
    return (
        cell.removeprefix("'")
        if rest[:1] in {*"=+-@＝＋－＠"} or cell[1:2] in {*"\t\r\n"}
        else cell
    )


@pytest.mark.parametrize(
    "note", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " \n =HYPERLINK(1)", "＝1"]
)
def test_no_note_is_a_formula_in_a_spreadsheet(note: str) -> None:
    ((record),) = table(with_note(note))
    assert record["note"] == f"'{note}"
    assert json.loads(export.as_json(with_note(note)))["entries"][0]["note"] == note


@pytest.mark.parametrize(
    "note",
    ["", 'he said "go", and I went', "one line\r\nand another", "مرحبا, Ärger; 😄", "5 = 3 + 2"],
)
def test_a_note_comes_through_the_table_as_it_was_typed(note: str) -> None:
    ((record),) = table(with_note(note))
    assert record["note"] == note


def test_a_table_with_more_than_ascii_says_that_it_is_utf_8() -> None:
    assert export.as_csv(with_note("grün")).startswith("\ufeffday,")
    assert export.as_csv(with_note("green")).startswith("day,")


def test_a_table_can_leave_the_notes_out() -> None:
    assert export.as_csv(with_note("between us"), has_notes=False) == (
        "day,slot,mood,name,recorded_at\r\n2026-07-01,1,4,good,2026-07-01T07:05:09+00:00\r\n"
    )

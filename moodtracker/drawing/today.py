"""Today's card: the question, the five moods, the moods that are in, and the notes to them."""

from html import escape

from moodtracker import language, notes
from moodtracker.board import Board, Entry
from moodtracker.days import zone_of
from moodtracker.drawing.faces import face
from moodtracker.drawing.values import Values
from moodtracker.language import gettext as _
from moodtracker.moods import Mood

# What stands for an entry's values in the pattern of which the page makes a new one.
_BLANKS = ("{0}", "{1}", "{2}", "{3}", "{4}")


def card(
    board: Board,
    person_id: int,
    *,
    labels: bool = False,
    keys: bool = True,
    offer: Mood | None = None,
    said: str = "",
) -> str:
    """The whole card; ``labels`` names the two moods of a day, ``keys`` has 1 to 5 pick a mood.

    ``offer`` is a mood that one tap saves, ``said`` a sentence for the person.
    """
    today = board.open_day
    present = board.on(today)
    question = _("How is {weekday} going?").format(weekday=language.weekday(today.weekday()))
    return (
        f'<section id="today-card" class="card" aria-labelledby="question"'
        f' data-day="{today.isoformat()}" data-person="{person_id}"{" data-keys" * keys}>'
        f'<h1 id="question">{question}</h1><p id="hint">{_hint(board, labels=labels)}</p>'
        f"{_offer(offer) if offer else ''}{_picker(present, keys=keys)}"
        f"{_slots(board, present, labels=labels)}{_note_form()}{_message(said)}</section>"
    )


def values(board: Board, *, labels: bool = False) -> Values:
    """What a tap can change in the card."""
    return {
        "hint": _hint(board, labels=labels),
        "slots": [_entry_values(board, entry, labels=labels) for entry in board.on(board.open_day)],
    }


def words(board: Board, entry: Entry, *, labels: bool = False) -> str:
    """An entry in words: 'Good at 09:12', or 'Morning: Good at 09:12'."""
    local = entry.recorded_at.astimezone(zone_of(board.zone))
    said = _("{mood} at {time}").format(mood=entry.mood.label, time=language.time_of_day(local))
    if not labels:
        return said
    return _("{part_of_day}: {mood}").format(part_of_day=_label(entry.slot), mood=said)


def _offer(mood: Mood) -> str:
    """One tap, and the mood is in: the board's script takes it as it takes any other."""
    return (
        f'<p id="offer">{face(mood)} <button type="button" class="primary" data-mood="{mood}"'
        f" autofocus>{_('Save {mood} for today').format(mood=mood.label)}</button></p>"
    )


def _picker(present: tuple[Entry, ...], *, keys: bool) -> str:
    picked = {entry.mood for entry in present}
    buttons = "".join(
        f'<button type="button" id="mood-{mood}" class="mood" data-mood="{mood}"'
        f' aria-pressed="{str(mood in picked).lower()}"{_key(mood) if keys else ">"}'
        f"{face(mood)}<span>{mood.label}</span></button>"
        for mood in Mood
    )
    return f'<div class="picker" role="group" aria-label="{_("Pick a mood")}">{buttons}</div>'


def _key(mood: Mood) -> str:
    return f' aria-keyshortcuts="{mood}"><span class="key" aria-hidden="true">{mood}</span>'


def _message(said: str) -> str:
    """Where the page says what happened; it brings what the browser has to say by itself."""
    sentences = {
        "late": _("Not saved yet. It is tried again until it is."),
        "instead": _("Now pick the mood that takes its place."),
        "second": _("Pick your second mood."),
    }
    own = "".join(f' data-{name}="{escape(sentence)}"' for name, sentence in sentences.items())
    return f'<p id="message" role="status"{own}>{escape(said)}</p>'


def _slots(board: Board, present: tuple[Entry, ...], *, labels: bool) -> str:
    entries = "".join(
        _entry(*(escape(str(value)) for value in _entry_values(board, entry, labels=labels)))
        for entry in present
    )
    return (
        f'<div id="slots" role="group" aria-label="{_("Today’s moods")}"'
        f' data-used="{len(present)}"><template id="pattern">{_entry(*_BLANKS)}</template>'
        f'<div id="entries">{entries}</div>'
        f'<p id="nothing-yet">{_("Today is still empty. One tap is enough.")}</p>'
        f'<button type="button" id="free-slot" class="chip">{_("+ second mood")}</button></div>'
    )


def _entry_values(board: Board, entry: Entry, *, labels: bool) -> tuple[int, str, int, str, str]:
    return (
        entry.slot,
        entry.tap,
        int(entry.mood),
        words(board, entry, labels=labels),
        entry.note,
    )


def _entry(slot: str, tap: str, mood: str, said: str, note: str) -> str:
    """One mood that is in; all values are escaped, or blanks of the pattern."""
    return (
        f'<div class="entry"><span class="chip"><button type="button" id="slot-{slot}"'
        f' data-change="{tap}" data-mood-in="{mood}" aria-pressed="false"'
        f' aria-label="{_("Change {mood}").format(mood=said)}">'
        f'<svg class="face" aria-hidden="true"><use href="#face-{mood}"/></svg> {said}</button>'
        f'<button type="button" id="write-{slot}" class="write" data-note="{tap}"'
        f' aria-label="{_("Note to {mood}").format(mood=said)}">{_("Note")}</button>'
        f'<button type="button" id="back-{slot}" class="back" data-take-back="{tap}"'
        f' aria-label="{_("Take back {mood}").format(mood=said)}" title="{_("Take back")}">×'
        f'</button></span><p class="note" id="note-{slot}" dir="auto">{note}</p></div>'
    )


def _note_form() -> str:
    """Where a note is written: in no entry, so that no refresh touches what is being typed."""
    return (
        '<form id="note-form" hidden>'
        f'<label for="note-text" id="note-to" data-words="{_("Note to {mood}")}"></label>'
        f'<textarea id="note-text" rows="3" maxlength="{notes.LONGEST}" dir="auto"'
        ' aria-describedby="note-left"></textarea><div class="row">'
        f'<span id="note-left" data-words="{_("{count} characters left")}"></span>'
        f'<button type="button" id="note-cancel" class="plain">{_("Cancel")}</button>'
        f'<button class="primary">{_("Save note")}</button></div></form>'
    )


def _hint(board: Board, *, labels: bool) -> str:
    present = board.on(board.open_day)
    return _("{day} · {what_is_left}").format(
        day=language.day_and_month(board.open_day), what_is_left=_left(present, labels=labels)
    )


def _left(present: tuple[Entry, ...], *, labels: bool) -> str:
    if not present:
        return _("pick one mood, or two over the day")
    if len(present) == 2:
        return _("both moods of today are in")
    if not labels:
        return _("you can add one more mood today")
    if present[0].slot == 1:
        return _("you can add one for the evening")
    return _("you can add one for the morning")


def _label(slot: int) -> str:
    return _("Morning") if slot == 1 else _("Evening")

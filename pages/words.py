"""What the app's answers are called in words: the one place where errors become sentences."""

from moodtracker.accounts.proving import WrongPassword
from moodtracker.accounts.sessions import SessionEnded, SignInRefused
from moodtracker.accounts.throttling import TooManyTries
from moodtracker.diary import DayFull, DayLocked, EntryGone
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext, marked
from moodtracker.ledger import TooManyActs
from moodtracker.notes import NoteTooLong

_SENTENCES: dict[type[Exception], str] = {
    DayFull: marked("Both moods of today are used. Tap one to change it, or × to take it back."),
    DayLocked: marked("That day is over, so nothing was changed. Here is today."),
    EntryGone: marked("That mood was changed or taken back elsewhere. This is how it stands now."),
    NoteTooLong: marked("A note has at most 280 characters. This one was not saved."),
    TooManyActs: marked("That was very much for one day, so nothing more is changed today."),
    SessionEnded: marked("You are signed out."),
    TooManyTries: marked("That was tried too often. Please wait a little, and try again."),
    SignInRefused: marked("That name and password do not go together. Please try again."),
    WrongPassword: marked("That is not your password. Please try again."),
    Busy: marked("Very much is asked for at this moment. Please try again in a little while."),
}
_UNKNOWN = marked("That could not be understood, and nothing was changed.")
_NOT_SAVED = marked("Not saved yet. It is tried again until it is.")


def for_person(error: Exception) -> str:
    """The sentence that tells a person what happened and what they can do."""
    return gettext(_SENTENCES.get(type(error), _NOT_SAVED))


def unknown() -> str:
    """The sentence for what no page of ours sends."""
    return gettext(_UNKNOWN)

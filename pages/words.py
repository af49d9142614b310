"""What the app's answers are called in words: the one place where errors become sentences."""

from moodtracker.accounts.passwords import Busy
from moodtracker.accounts.proving import WrongPassword
from moodtracker.accounts.sessions import SessionEnded, SignInRefused
from moodtracker.accounts.throttling import TooManyTries
from moodtracker.diary import DayFull, DayLocked, EntryGone

_SENTENCES: dict[type[Exception], str] = {
    DayFull: "Both moods of today are used. Tap one to change it, or × to take it back.",
    DayLocked: "That day is over, so nothing was changed. Here is today.",
    EntryGone: "That mood was changed or taken back elsewhere. This is how it stands now.",
    SignInRefused: "That name and password do not go together. Please try again.",
    WrongPassword: "That is not your password. Please try again.",
    Busy: "Very many people sign in at this moment. Please try again in a little while.",
    SessionEnded: "You are signed out.",
    TooManyTries: "That was tried too often. Please wait a little, and try again.",
}
UNKNOWN = "That could not be understood, and nothing was changed."
NOT_SAVED = "Not saved yet. It is tried again until it is."


def for_person(error: Exception) -> str:
    """The sentence that tells a person what happened and what they can do."""
    return _SENTENCES.get(type(error), NOT_SAVED)

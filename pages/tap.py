"""What a page sends: whatever a sender likes may arrive, and only these shapes are taken."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from moodtracker import diary
from moodtracker.diary import Act
from moodtracker.moods import Mood


def _date(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value


def _mood(value: Any) -> Any:
    return Mood(value) if type(value) is int and 1 <= value <= 5 else value


_LONGEST_MESSAGE = 2000  # a note beyond its own limit is answered in words, up to here

_Name = Annotated[str, Field(pattern=r"^[0-9a-z]{8,40}$")]
_Day = Annotated[date, BeforeValidator(_date)]
_Mood = Annotated[Mood, BeforeValidator(_mood)]


class _Tap(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    tap: _Name
    day: _Day


class Record(_Tap):
    """A mood for the next free slot."""

    act: Literal["record"]
    mood: _Mood

    def to_act(self) -> Act:
        """See :meth:`Diary.record`."""
        return diary.recording(self.mood, self.tap)


class Change(_Tap):
    """Another mood in place of the entry that the tap ``was`` made."""

    act: Literal["change"]
    was: _Name
    mood: _Mood

    def to_act(self) -> Act:
        """See :meth:`Diary.change`."""
        return diary.changing(self.was, self.mood, self.tap)


class TakeBack(_Tap):
    """The entry that the tap ``was`` made goes."""

    act: Literal["take_back"]
    was: _Name

    def to_act(self) -> Act:
        """See :meth:`Diary.take_back`."""
        return diary.taking_back(self.was, self.tap)


class Annotate(_Tap):
    """A note to the entry that the tap ``was`` made."""

    act: Literal["note"]
    was: _Name
    slot: Annotated[str, Field(pattern=r"^[12]$")]  # where the page shows it; the entry counts
    text: Annotated[str, Field(max_length=_LONGEST_MESSAGE)]

    def to_act(self) -> Act:
        """See :meth:`Diary.annotate`."""
        return diary.annotating(self.was, self.text, self.tap)


Tap = Annotated[Record | Change | TakeBack | Annotate, Field(discriminator="act")]


class Look(BaseModel):
    """The day that a person wants to see."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    day: _Day

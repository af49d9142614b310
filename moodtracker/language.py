"""The language in which a person is spoken to: words through gettext, dates and numbers by Babel.

The language is a property of the moment, not of a call: whoever answers a request or writes a mail
says once in which language (:func:`speaking`), and every word on the way follows. It travels with
the context (PEP 567), into threads of ``asyncio.to_thread`` too.

English is the language of the code, and needs neither catalogue nor Babel, whose data of a language
takes 5 MB and 30 ms of a start: the day before the month, 24 hours, and weeks that begin on Monday.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from babel import Locale

ENGLISH = "en"
# In their own words, as a person looks for theirs; the keys are language tags (BCP 47).
LANGUAGES = {
    ENGLISH: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ar": "العربية",
}
_RIGHT_TO_LEFT = {"ar"}
_CATALOGUES = Path(__file__).parent / "locales"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH = {"days": [*enumerate(_WEEKDAYS)], "months": [*enumerate(_MONTHS, start=1)]}

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak ``language`` in the block; English where it is none of :data:`LANGUAGES`."""
    token = _spoken.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """The language that is spoken now, one of :data:`LANGUAGES`."""
    return _spoken.get()


def direction() -> str:
    """'rtl' or 'ltr', as HTML's ``dir`` says it."""
    return "rtl" if spoken() in _RIGHT_TO_LEFT else "ltr"


def gettext(text: str) -> str:
    """``text``, which stands in the code in English, in the language that is spoken now."""
    return _catalogue(spoken()).gettext(text)


def marked(text: str) -> str:
    """``text`` itself: it is put into words later, by :func:`gettext`, and catalogues have it."""
    return text


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form for ``number`` things; the caller puts the number in."""
    return _catalogue(spoken()).ngettext(singular, plural, number)


def month(number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """The name of a month (1 to 12) as it stands alone: 'November', or 'Nov'.

    A short one has no dot, which some languages put after it: it heads a narrow column.
    """
    return _names(spoken(), "months", width)[number]


def weekday(number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """The name of a weekday (0 is Monday) as it stands alone: 'Monday', or 'Mon', without a dot."""
    return _names(spoken(), "days", width)[number]


def first_weekday() -> int:
    """The day on which a week begins in a calendar, 0 (Monday) to 6 (Sunday)."""
    return 0 if spoken() == ENGLISH else int(_locale(spoken()).first_week_day)


def day_and_month(day: date) -> str:
    """A day of the current year: '23 November'."""
    return _day_and_month(spoken(), day)


def in_its_year(day: date) -> str:
    """A day of any year: '31 December 2027'."""
    return gettext("{day} {year}").format(day=day_and_month(day), year=day.year)


def full_day(day: date) -> str:
    """A day of the current year with its weekday: 'Monday 23 November'."""
    return _full_day(spoken(), day)


def time_of_day(local: datetime | time) -> str:
    """The time on a wall clock, as people who speak so write it: '09:12'."""
    return _time_of_day(spoken(), local.hour, local.minute)


def day_and_time(local: datetime) -> str:
    """A moment of about this year, such as '23 November, 09:12'."""
    return gettext("{day}, {time}").format(day=day_and_month(local.date()), time=time_of_day(local))


def number(value: int) -> str:
    """A whole number in the digits and groups of the language."""
    return _number(spoken(), value)


def preferred(accept_language: str) -> str:
    """The language that a browser asks for first (Accept-Language, RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, str]] = []
    for wish in accept_language[:200].split(","):
        tag, _, weight = wish.partition(";")
        try:
            wishes.append((float(weight.strip().removeprefix("q=") or 1), tag.strip().lower()))
        except ValueError:
            continue
    for liking, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if liking > 0 and (language := tag.partition("-")[0]) in LANGUAGES:
            return language
    return ENGLISH


@lru_cache
def _names(language: str, of: Literal["days", "months"], width: str) -> dict[int, str]:
    if language == ENGLISH:
        names = _ENGLISH[of]
        return {number: name[:3] if width == "abbreviated" else name for number, name in names}
    names = getattr(_locale(language), of)["stand-alone"][width].items()
    return {number: str(name).rstrip(".") for number, name in names}


# A year's page says each of its days and times: they are put into words once.
@lru_cache(maxsize=4096)
def _full_day(language: str, day: date) -> str:
    return gettext("{weekday} {day}").format(
        weekday=weekday(day.weekday()), day=_day_and_month(language, day)
    )


@lru_cache(maxsize=4096)
def _day_and_month(language: str, day: date) -> str:
    if language == ENGLISH:
        return f"{day.day} {_MONTHS[day.month - 1]}"
    from babel.dates import format_skeleton  # noqa: PLC0415 - a start in English does without

    return format_skeleton("MMMMd", day, locale=_locale(language))


@lru_cache(maxsize=8 * 1440)
def _time_of_day(language: str, hour: int, minute: int) -> str:
    if language == ENGLISH:
        return f"{hour:02}:{minute:02}"
    from babel.dates import format_time  # noqa: PLC0415

    return format_time(time(hour, minute), "short", locale=_locale(language))


@lru_cache(maxsize=4096)
def _number(language: str, value: int) -> str:
    if language == ENGLISH:
        return f"{value:,}"
    from babel.numbers import format_decimal  # noqa: PLC0415

    return format_decimal(value, locale=_locale(language))


@lru_cache
def _locale(language: str) -> "Locale":
    from babel import Locale  # noqa: PLC0415

    return Locale.parse(language)


@lru_cache
def _catalogue(language: str) -> NullTranslations:
    """The words of a language, read from its catalogue at the first use: none is compiled."""
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    file = _CATALOGUES / language / "LC_MESSAGES" / "moodtracker.po"
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)

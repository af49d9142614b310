"""The words of a year's squares, as a file that browsers keep: one for each language and year."""

from functools import lru_cache

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from moodtracker import language
from moodtracker.drawing import day_words
from pages import sub_path
from pages.kept_text import KeptText

# Of years that somebody's board may be of, also under a clock that is wrong.
_YEARS = range(1970, 2200)


def mount(web: FastAPI) -> None:
    """Serve them."""

    @web.get("/words/{spoken}/{year}.json")
    def words(spoken: str, year: int, request: Request) -> Response:
        if spoken not in language.LANGUAGES or year not in _YEARS:
            raise HTTPException(404)
        return _words(spoken, year).answer(request)


@lru_cache(maxsize=16)
def address(spoken: str, year: int) -> str:
    """Where the words of a year are, with a mark of their content."""
    return sub_path.address(f"/words/{spoken}/{year}.json?v={_words(spoken, year).mark}")


@lru_cache(maxsize=16)
def _words(spoken: str, year: int) -> KeptText:
    return KeptText.of(day_words.of(spoken, year), "application/json")

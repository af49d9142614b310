"""The words of a year's squares, as a file that browsers keep: one for each language and year."""

import gzip
import hashlib
from functools import lru_cache

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from moodtracker import language
from moodtracker.drawing import day_words
from pages import sub_path
from pages.assets import KEEP

# Of years that somebody's board may be of, also under a clock that is wrong.
_YEARS = range(1970, 2200)


def mount(web: FastAPI) -> None:
    """Serve them."""

    @web.get("/words/{spoken}/{year}.json")
    def words(spoken: str, year: int, request: Request) -> Response:
        if spoken not in language.LANGUAGES or year not in _YEARS:
            raise HTTPException(404)
        headers = {"Cache-Control": KEEP, "Vary": "Accept-Encoding"}
        content = day_words.of(spoken, year).encode()
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            content = _packed(spoken, year)
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type="application/json", headers=headers)


@lru_cache(maxsize=16)
def address(spoken: str, year: int) -> str:
    """Where the words of a year are, with a mark of their content."""
    mark = hashlib.sha256(day_words.of(spoken, year).encode()).hexdigest()[:12]
    return sub_path.address(f"/words/{spoken}/{year}.json?v={mark}")


@lru_cache(maxsize=16)
def _packed(spoken: str, year: int) -> bytes:
    return gzip.compress(day_words.of(spoken, year).encode(), mtime=0)

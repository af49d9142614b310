"""The names of all time zones, as one file that browsers keep: in each page they would be 30 kB."""

import json
from functools import lru_cache

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from moodtracker import days
from pages import assets
from pages.kept_text import KeptText
from pages.sub_path import address

PATH = "/zones.js"


def mount(web: FastAPI) -> None:
    """Serve it."""

    @web.get(PATH)
    async def zones(request: Request) -> Response:
        return _file().answer(request)


def script() -> str:
    """What has the page under construction fill its field ``zone``."""
    return f'<script defer src="{address(PATH)}?v={_file().mark}"></script>'


@lru_cache(maxsize=1)
def _file() -> KeptText:
    names = json.dumps(sorted(days.zone_names()))
    return KeptText.of(f"const zones = {names};\n{assets.text('zones.js')}", "text/javascript")

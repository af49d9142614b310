"""Styles, icon and script: served as files that a browser may keep for ever."""

import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from moodtracker.drawing import faces
from moodtracker.moods import Mood
from pages import sub_path

FOLDER = Path(__file__).resolve().parents[1] / "assets"
ICON = faces.standalone(Mood.GREAT)


class _KeptForEver(StaticFiles):
    """Files whose address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def mount(web: FastAPI) -> None:
    """Serve the folder."""
    web.mount("/assets", _KeptForEver(directory=FOLDER))


def address(name: str) -> str:
    """The address of an asset, with a mark of its content."""
    return sub_path.address(f"/assets/{name}?v={_mark(name)}")


@lru_cache
def _mark(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


@lru_cache
def text(name: str) -> str:
    """The content of an asset."""
    return (FOLDER / name).read_text(encoding="utf-8")


def add_style() -> None:
    """Give the page under construction the app's style."""
    ui.add_head_html(
        f'<link rel="stylesheet" href="{address("style.css")}">'
        f'<link rel="stylesheet" href="{address("print.css")}" media="print">'
        '<meta name="theme-color" content="#fbfaf6" media="(prefers-color-scheme: light)">'
        '<meta name="theme-color" content="#16151a" media="(prefers-color-scheme: dark)">'
    )

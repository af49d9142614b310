"""Styles, icon and script: served as files that a browser may keep for ever."""

import asyncio
import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pages import sub_path

FOLDER = Path(__file__).resolve().parents[1] / "assets"
ICON = FOLDER / "icon.svg"
KEEP = "public, max-age=31536000, immutable"
_PACKED = {".css", ".js", ".mjs", ".svg", ".webmanifest"}


class KeptFiles(StaticFiles):
    """Files whose address changes with their content, compressed once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or what is told where there is none."""
        response = await super().get_response(path, scope)
        if response.status_code != 200:
            return response
        if isinstance(response, FileResponse) and Path(path).suffix in _PACKED:
            response.headers.add_vary_header("Accept-Encoding")
            if "gzip" in Headers(scope=scope).get("Accept-Encoding", ""):
                packed = await asyncio.to_thread(_packed, Path(response.path))
                headers = {**response.headers, "Content-Encoding": "gzip"}
                headers["content-length"] = str(len(packed))
                response = Response(packed, headers=headers)
        response.headers["Cache-Control"] = KEEP
        return response


@lru_cache
def _packed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), mtime=0)


def mount(web: FastAPI) -> None:
    """Serve the folder."""
    web.mount("/assets", KeptFiles(directory=FOLDER))


def address(name: str) -> str:
    """The address of an asset, with a mark of its content."""
    return sub_path.address(f"/assets/{name}?v={_mark(name)}")


@lru_cache
def _mark(name: str) -> str:
    return mark((FOLDER / name).read_bytes())


def mark(content: bytes) -> str:
    """What names a content in its address, so that what browsers keep is never an older one."""
    return hashlib.sha256(content).hexdigest()[:12]


def inline(request: Request, script: str) -> str:
    """A script that stands in the page itself, with the nonce of this answer."""
    return f'<script nonce="{request.state.nonce}">{script}</script>'


@lru_cache
def text(name: str) -> str:
    """A script that stands in the page itself, without its comments and its indentation."""
    lines = map(str.strip, (FOLDER / name).read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def add_style(*more: str) -> None:
    """Give the page under construction the app's style, and ``more`` that it alone needs."""
    for name in ("style.css", *more):
        ui.add_head_html(f'<link rel="stylesheet" href="{address(name)}">')
    ui.add_head_html(f'<link rel="stylesheet" href="{address("print.css")}" media="print">')

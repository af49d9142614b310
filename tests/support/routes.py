"""Every address that answers, as the running app has them in its tables."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from support.server import ROOT

_LIST = """
import asyncio, json
import nicegui
from nicegui import app as nicegui_app
import pages
from moodtracker import settings
from moodtracker.app import App
from pages.guard import door

web = pages.mount(App.open(settings.load()))

def named(routes):
    for route in routes:
        path = route.path.replace(nicegui.__version__, "VERSION")
        for method in getattr(route, "methods", None) or ["MOUNT"]:
            yield f"{method} {path}"

async def main():
    async with web.router.lifespan_context(web):
        print(json.dumps({
            "web": sorted(named(web.routes)),
            "nicegui": sorted(named(nicegui_app.routes)),
            "strangers": sorted(door._OPEN_PATHS),
            "folders": sorted(door._OPEN_FOLDERS),
        }))

asyncio.run(main())
"""


def routes(folder: Path) -> dict[str, list[str]]:
    """What answers ('GET /healthz'), by who serves it, and what is open to strangers."""
    environment = {
        "MOODTRACKER_DATA_DIR": str(folder),
        "MOODTRACKER_METRICS_TOKEN": "a-token-that-nobody-guesses",
        "MOODTRACKER_OIDC_ISSUER": "https://auth.example.org",
        "MOODTRACKER_OIDC_CLIENT_ID": "mood",
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-c", _LIST],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def as_openapi(found: list[str], fields: dict[str, list[str]]) -> dict[str, object]:
    """An OpenAPI document of routes, each of which may be given any of these fields.

    Each with some values that are good, and text of any kind. The app publishes no such document,
    since it has no interface for programs.
    """
    text = {"type": "string", "maxLength": 60}
    schemas = {
        name: {"anyOf": [text, {"enum": good}]} if good else text for name, good in fields.items()
    }
    query = [{"in": "query", "name": name, "schema": schema} for name, schema in schemas.items()]
    form = {"type": "object", "properties": schemas}
    paths: dict[str, dict[str, object]] = {}
    for route in found:
        method, _, path = route.partition(" ")
        if method == "MOUNT":
            continue
        path = re.sub(r"{(\w+):path}", r"{\1}", path)
        named = re.findall(r"{(\w+)}", path)
        path_item = paths.setdefault(
            path,
            {"parameters": [_in_path(name) for name in named]},
        )
        path_item[method.lower()] = {"responses": {"200": {"description": ""}}} | (
            {"requestBody": {"content": {_FORM: {"schema": form}}}}
            if method == "POST"
            else {"parameters": query}
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Moodtracker", "version": "0"},
        "paths": paths,
    }


_FORM = "application/x-www-form-urlencoded"


def _in_path(name: str) -> dict[str, object]:
    return {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}

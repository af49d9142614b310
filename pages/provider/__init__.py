"""Signing in with the identity provider: there, back, and what becomes of who comes back.

away      setting out, and signing out there
back      who came back, and by which way they go on
ended     what the provider tells by itself: somebody is signed out
prove     for people without a password, where one would be asked for
join      a new person's page; the account it may turn out they have already
answers   what went wrong, in words, each with a way on
"""

from fastapi import FastAPI

from moodtracker.app import App
from pages.provider import away, back, connect, ended, join, prove


def mount(web: FastAPI, app: App) -> None:
    """Serve it where there is a provider; without one none of this is there."""
    if app.provider is None:
        return
    away.mount(web, app, app.provider)
    back.mount(web, app, app.provider)
    prove.mount(web, app, app.provider)
    ended.mount(web, app, app.provider)
    connect.mount(web, app)
    join.mount(web, app)

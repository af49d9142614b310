"""What commands stand on: the app as the settings say, and the people in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from moodtracker import settings
from moodtracker.accounts import people
from moodtracker.app import App
from moodtracker.database_trouble import DatabaseError
from moodtracker.settings import SettingsError


@contextmanager
def opened() -> Iterator[App]:
    """The app as the settings say; what is wrong is said in a sentence, without a trace."""
    try:
        app = App.open(settings.load())
    except (SettingsError, DatabaseError) as error:
        raise click.ClickException(str(error)) from None
    try:
        yield app
    finally:
        app.close()


def with_app(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command the opened app as its first argument."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with opened() as app:
            command(app, *args, **kwargs)

    return run


def somebody(app: App, login: str) -> people.Person:
    """The person of this user name or address; who is not here is said in a sentence."""
    person = people.find(app.database, login)
    if person is None:
        raise click.ClickException(f"There is nobody called {login} here.")
    return person

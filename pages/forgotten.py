"""A forgotten password: asking for a link by mail, and choosing a new one by it."""

import asyncio
from functools import partial

from fastapi import FastAPI, Request
from nicegui import Client, ui
from starlette.responses import Response

from moodtracker.accounts import new_password, passwords, sessions
from moodtracker.accounts.links import LinkSpent
from moodtracker.accounts.people import Person
from moodtracker.accounts.proving import Admitted
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.throttling import Count, TooManyTries, network
from moodtracker.app import App
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext as _
from pages import errors, framework, parts, posting, retry, words

_FORGOT = ui.page("/forgot", response_timeout=framework.PAGE_SECONDS)
_RESET = ui.page("/reset", response_timeout=framework.PAGE_SECONDS)
_FREE_TRIES = 10  # from one address


def mount(web: FastAPI, app: App) -> None:
    """Serve /forgot and /reset."""

    @_FORGOT
    async def forgot_page(request: Request) -> Response | None:
        posting.refuse_without_passwords(app)
        if app.smtp is None:
            return _no_mail()
        _ask_form()
        return None

    @web.post("/forgot")
    async def forgot(request: Request) -> Response:
        posting.refuse_without_passwords(app)
        if app.smtp is None:
            return _no_mail()
        given = await posting.given(request)
        try:
            await _slow_down(request, "asking for links")
        except TooManyTries as error:
            with Client(_FORGOT, request=request) as client:
                _ask_form(given.get("login", ""), words.for_person(error))
            answer = client.build_response(request, retry.status_of(error))
            return retry.later(answer, error)
        known = app.proving.people_of(posting.visitor(request, app).known)
        await asyncio.to_thread(
            new_password.ask_for_link,
            app.database,
            app.throttle,
            given.get("login", ""),
            request.state.address,
            known,
        )
        return errors.page(
            _("Please look into your mail"),
            _(
                "If somebody here has that name or address, and has confirmed the address, a link "
                "is on its way. It works for 30 minutes. If nothing comes, look among the spam, "
                "or ask whoever runs this board."
            ),
            200,
            (_("Sign in"), "/login"),
        )

    @_RESET
    async def reset_page(request: Request) -> Response | None:
        posting.refuse_without_passwords(app)
        token = request.query_params.get("token", "")
        try:
            person = await asyncio.to_thread(new_password.whose, app.database, token)
        except LinkSpent:
            return _spent()
        _choose_form(person, token)
        return None

    @web.post("/reset")
    async def reset(request: Request) -> Response:
        posting.refuse_without_passwords(app)
        given = await posting.given(request)
        token = given.get("token", "")
        try:
            await _slow_down(request, "following links")
            person = await asyncio.to_thread(new_password.whose, app.database, token)
            choose = partial(_choose, app, request, token, given)
            admitted = await passwords.choosing.run(network(request.state.address), choose)
        except LinkSpent:
            return _spent()
        except InvalidInput as error:
            return _again(request, person, token, error.messages["password"], 422)
        except TooManyTries as error:
            return errors.wait(error)
        except Busy as error:
            answer = _again(request, person, token, words.for_person(error), 503)
            return retry.later(answer, error)
        return posting.admit(posting.to("/"), app, admitted)

    async def _slow_down(request: Request, what: str) -> None:
        where = network(request.state.address)
        await asyncio.to_thread(app.throttle.begin, [Count(f"{what} from {where}", _FREE_TRIES)])


def _choose(app: App, request: Request, token: str, given: dict[str, str]) -> Admitted:
    visitor = posting.visitor(request, app)
    person = new_password.by_link(app.database, token, given.get("password", ""), visitor.address)
    cookie = sessions.open_session(
        app.database, person.id, device=visitor.device, address=visitor.address
    )
    return Admitted(cookie, app.proving.known_now(visitor.known, person.id))


def _ask_form(login: str = "", wrong: str = "") -> None:
    words_ = _("Tell us who you are, and a link to a new one is sent to your address.")
    with parts.narrow_card(_("Forgot your password?"), words_):
        with parts.form("/forgot"):
            if wrong:
                parts.alert(wrong)
            parts.field(
                _("Username or e-mail"), "login", value=login, autocomplete="username", focus=True
            )
            parts.submit(_("Send me a link"))
        parts.aside(_("It came back to you?"), _("Sign in"), "/login")


def _choose_form(person: Person, token: str, wrong: str | None = None) -> None:
    told = _("For the account {username}. You are signed out everywhere else.")
    with (
        parts.narrow_card(_("Choose a new password"), told.format(username=person.username)),
        parts.form("/reset"),
    ):
        parts.hidden("token", token)
        parts.hidden("username", person.username, autocomplete="username")
        parts.field(
            _("New password"),
            "password",
            kind="password",
            autocomplete="new-password",
            help_text=_("At least {number} characters; a sentence is fine.").format(
                number=passwords.SHORTEST
            ),
            wrong=wrong,
            focus=True,
        )
        parts.submit(_("Use this password"))


def _again(request: Request, person: Person, token: str, wrong: str, status: int) -> Response:
    with Client(_RESET, request=request) as client:
        _choose_form(person, token, wrong)
    return client.build_response(request, status)


def _spent() -> Response:
    return errors.page(
        _("This link does not work any more"),
        _("It was used already, or is older than 30 minutes. You can have another one."),
        410,
        (_("Send me a new link"), "/forgot"),
    )


def _no_mail() -> Response:
    return errors.page(
        _("This board sends no mail"),
        _("Whoever runs it can give you a new password: moodtracker user reset-password."),
        503,
        (_("Sign in"), "/login"),
    )

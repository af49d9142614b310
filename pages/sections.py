"""A page made of sections, such as /settings: each is a card with its own forms.

A section is a module with what it shows and what its forms do, put together as a
:class:`Section`; the page's package lists them in their order. A form is posted to a path below
the page's, `/settings/password`, and answered with a redirect back to its section, where what was
done is said, or with the page as it was, what was typed still there and a sentence at each field
that is wrong.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from fastapi import FastAPI, HTTPException, Request
from nicegui import Client, ui
from starlette.responses import RedirectResponse, Response

from moodtracker.accounts.administrators import NotAnAdministrator
from moodtracker.accounts.people import Person
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.sessions import SignedIn
from moodtracker.accounts.throttling import TooManyTries
from moodtracker.accounts.tickets import TicketRefused, Tickets
from moodtracker.app import App
from moodtracker.drawing import faces
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext as _
from pages import assets, framework, obstacles, parts, posting, retry, session_watch, words
from pages.sub_path import address

_SAID = "moodtracker-said"
# The cards are drawn after the browser has looked for what its address names.
_GO_TO_SECTION = "document.getElementById(location.hash.slice(1))?.scrollIntoView()"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a section: who they are, what they typed there, and what came of it.

    ``given`` holds what was typed where it was refused, ``wrong`` a sentence for each field at
    fault ('' for the whole form), ``said`` what was just done.
    """

    app: App
    request: Request
    who: SignedIn
    page: str
    section: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    said: str = ""

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.who.person

    @property
    def address(self) -> str:
        """Where the request came from, for counts and the audit log."""
        found: str = self.request.state.address
        return found

    @contextmanager
    def form(self, path: str) -> Iterator[None]:
        """A form of this section; ``path`` is one that it lists in its ``forms``."""
        with parts.form(f"{self.page}/{path}"):
            yield

    def field(
        self,
        label: str,
        name: str,
        *,
        value: str = "",
        kind: str = "text",
        autocomplete: str = "off",
        help_text: str = "",
        required: bool = True,
    ) -> None:
        """A field of one of its forms; what was typed and what was wrong with it come by itself."""
        parts.field(
            label,
            name,
            html_id=f"{self.section}-{name}",
            value="" if kind == "password" else self.given.get(name, value),
            kind=kind,
            autocomplete=autocomplete,
            help_text=help_text,
            wrong=self.wrong.get(name),
            required=required,
            focus=name in self.wrong,
        )


Show = Callable[[Visit], Awaitable[None]]
# Does what a form asks for; returns what to say about it, or an answer of its own. Raises
# InvalidInput with a sentence for each field at fault.
Act = Callable[[Visit], Awaitable[str | Response]]


@dataclass(frozen=True, slots=True)
class Section:
    """One card: its id, its heading, what stands in it, and what its forms do, by their path.

    ``is_there`` says whether this person sees it at all.
    """

    id: str
    heading: Callable[[], str]
    show: Show
    forms: Mapping[str, Act] = field(default_factory=dict)
    is_there: Callable[[App, Person], bool] = lambda app, person: True


def mount(
    web: FastAPI,
    app: App,
    path: str,
    heading: Callable[[], str],
    sections: Sequence[Section],
    *,
    may_see: Callable[[Person], bool] = lambda person: True,
) -> None:
    """Serve the page and the forms of its sections; to others than ``may_see`` it is not there."""
    page = ui.page(path, response_timeout=framework.PAGE_SECONDS)

    def visit_of(request: Request) -> Visit:
        who: SignedIn = request.state.signed_in
        if not may_see(who.person):
            raise HTTPException(404)
        return Visit(app, request, who, path)

    async def show(visit: Visit, status: int = 200) -> Response:
        with Client(page, request=visit.request) as client:
            client.title = f"{heading()} · Moodtracker"
            assets.add_style()
            ui.add_body_html(faces.symbols())
            ui.add_body_html(parts.header(visit.person))
            obstacles.add(visit.request)
            with ui.element("main").classes("sections") as main:
                main.props["id"] = "main"
                parts.text("a", _("Back to your board")).classes("back").props["href"] = address(
                    "/"
                )
                parts.text("h1", heading())
                for section in sections:
                    if section.is_there(app, visit.person):
                        await _show_section(section, visit)
            if status == 200:
                parts.once_drawn(_GO_TO_SECTION)
            session_watch.watch(app, visit.who, client)
        return client.build_response(visit.request, status)

    @web.get(path)
    async def shown(request: Request) -> Response:
        visit = visit_of(request)
        section, said = _read(request, app, visit.who)
        answer = await show(replace(visit, section=section, said=said))
        if said:
            posting.with_cookie(answer, app, _SAID, "", timedelta(0))
        return answer

    def serve_form(section: Section, form: str, act: Act) -> None:
        @web.get(f"{path}/{form}")
        async def back(request: Request) -> Response:
            return posting.to(f"{path}#{section.id}")

        @web.post(f"{path}/{form}")
        async def post(request: Request) -> Response:
            visit = replace(
                visit_of(request), section=section.id, given=await posting.given(request)
            )
            try:
                done = await act(visit)
            except InvalidInput as error:
                return await show(replace(visit, wrong=error.messages), 422)
            except NotAnAdministrator:  # any more: the page is not there for them
                raise HTTPException(404) from None
            except (TooManyTries, Busy) as error:
                wrong = {"": words.for_person(error)}
                answer = await show(replace(visit, wrong=wrong), retry.status_of(error))
                return retry.later(answer, error)
            if isinstance(done, Response):
                return done
            return _with_said(RedirectResponse(f"{path}#{section.id}", 303), visit, done)

    for section in sections:
        for form, act in section.forms.items():
            serve_form(section, form, act)


async def _show_section(section: Section, visit: Visit) -> None:
    if visit.section != section.id:
        visit = replace(visit, section=section.id, given={}, wrong={}, said="")
    with ui.element("section").classes("card") as card:
        card.props["id"] = section.id
        card.props["aria-labelledby"] = f"{section.id}-heading"
        parts.text("h2", section.heading()).props["id"] = f"{section.id}-heading"
        if visit.said:
            parts.notice(visit.said)
        if "" in visit.wrong:
            parts.alert(visit.wrong[""])
        await section.show(visit)


def _with_said(answer: Response, visit: Visit, said: str) -> Response:
    """Let the browser carry what is to be said, signed, to the next page."""
    tickets = _tickets(visit.app)
    content = {"section": visit.section, "said": said, "session": visit.who.token_hash}
    return posting.with_cookie(answer, visit.app, _SAID, tickets.give(content), tickets.lifetime)


def _read(request: Request, app: App, who: SignedIn) -> tuple[str, str]:
    """Which section has what to say; two empty texts where none has."""
    try:
        content = _tickets(app).take(posting.cookie(request, _SAID))
    except TicketRefused:
        return "", ""
    if content["session"] != who.token_hash:
        return "", ""
    return content["section"], content["said"]


def _tickets(app: App) -> Tickets:
    return Tickets(app.secret, "said", timedelta(minutes=1))

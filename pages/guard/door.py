"""The one door: who comes in, over HTTP and websocket, before any page or route sees them."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

from nicegui import Client
from nicegui import app as nicegui_app
from sqlalchemy.orm import Session
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moodtracker.accounts import devices, sessions
from moodtracker.accounts.attempt import BACK, ENDED, SIGNED_OUT
from moodtracker.accounts.people import Person
from moodtracker.accounts.sessions import FoundSession, SignedIn
from moodtracker.accounts.throttling import network
from moodtracker.app import App
from moodtracker.fair_queue import Busy, FairQueue
from moodtracker.language import gettext as _
from moodtracker.mail import unsubscribe
from pages import errors, health, installing, obstacles, zones_file
from pages.guard import handshake as handshakes
from pages.guard import limits
from pages.guard.connections import CONNECTION, SocketConnection
from pages.guard.cookies import cookie_name, cookies_in, known_name
from pages.guard.handshake import Handshake
from pages.guard.headers import AnswerHeaders, give_nonces_to_templates
from pages.guard.limits import BodyRefused
from pages.guard.origin import Origins
from pages.guard.page_socket import PageSocket, tell_gone
from pages.guard.paths import sign_in_path
from pages.guard.rate import Rates
from pages.guard.sockets import Sockets
from pages.guard.unopened import Unopened

_SOCKET = "/_nicegui_ws/"
# What somebody who is not signed in may reach.
_OPEN_PATHS = {"/login", "/register", "/metrics", "/favicon.ico"} | health.PATHS
_OPEN_PATHS |= {"/login/provider", "/login/provider/join", "/login/provider/connect"}
_OPEN_PATHS |= {BACK, ENDED, SIGNED_OUT, unsubscribe.PATH}
_OPEN_PATHS |= {"/forgot", "/reset", "/verify"}
_OPEN_PATHS |= installing.PATHS | {zones_file.PATH}
# What answers nobody in particular: whose cookie it came with is not asked, nor is the database.
_MACHINES = {"/healthz", "/readyz", "/metrics", "/favicon.ico", zones_file.PATH}
_MACHINES |= installing.FILES
_OPEN_FOLDERS = ("/assets/", "/_nicegui/", obstacles.FOLDER)
_NONCE_BYTES = 16
_PROVIDER = "/login/provider"
_MOST_OF_A_NAME = 20
_MANY = 10_000  # who brings a session is turned away for nobody: more than wait at once
_AT_ONCE = 10  # times as many as in a second
_PEOPLE_MAY = 3  # times as much as strangers


class Guard:
    """ASGI middleware around the whole application.

    A request's ``state`` says who it is from (``signed_in``, or None), from which ``address``,
    by which ``device``, the ``nonce`` that a script on its page has to carry, and whether more than
    the head of the answer ``is_seen``. Somebody who is not signed in is led to the sign-in page
    and, afterwards, to where they wanted to go. What is
    sent from a foreign page, or in another form than our pages send, is refused. A page's socket
    has to bring the session with which the page was asked for, and speaks for that page alone.
    """

    def __init__(
        self,
        inner: ASGIApp,
        app: App,
        send_away: Callable[[App, Client], None],
        reads: Mapping[str, Callable[[Session, Person], object]],
    ) -> None:
        """Guard ``inner``; a page whose session is over has ``send_away`` called.

        ``reads`` is what the pages at some paths need of their person: it is read together with
        the session, and stands in the request's ``state`` as ``read``.
        """
        self._inner = inner
        self._reads = reads
        self._app = app
        self._send_away = partial(send_away, app)
        self._headers = AnswerHeaders(app.settings)
        self._origins = Origins(app.settings)
        per_second = app.settings.requests_per_second
        self._asked = Rates(_AT_ONCE * per_second, per_second)
        self._asked_by_people = Rates(_AT_ONCE * _PEOPLE_MAY * per_second, _PEOPLE_MAY * per_second)
        # Where an instance is lost, its pages and their sockets all come to the others in the same
        # second: of both a few are seen to at a time, so that taps pass.
        self._visits = FairQueue(at_once=2, each=_MANY, most=_MANY)
        self._arrivals = FairQueue(at_once=2, each=_MANY, most=_MANY)
        # A page is made on the event loop: between two of them somebody's tap gets its turn. A form
        # has passwords checked and rows written: not all threads are to be busy with strangers'.
        self._pages = FairQueue(at_once=1, each=100, most=500)
        self._forms = FairQueue(at_once=3, each=100, most=500)
        self._known_forms = FairQueue(at_once=2, each=20, most=100)
        self._unopened = Unopened()
        self._sockets = Sockets()
        give_nonces_to_templates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_file = scope["path"].startswith(_OPEN_FOLDERS)
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        scope.setdefault("state", {}).update(nonce=nonce, signed_in=None)
        enter = self._let_to_a_file if is_file else self._let_in
        send = self._headers.added(send, nonce, is_kept=is_file)
        await errors.told_plainly(enter, scope, receive, send)

    async def _let_to_a_file(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope, Headers(scope=scope))
        await (refusal or self._inner)(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        cookies = cookies_in(headers.getlist("cookie"))
        brought = [] if scope["path"] in _MACHINES else self._session_cookies(cookies)
        known_as = self._known_as(cookies)
        scope["state"].update(cookies=cookies, address=_address(scope), known_as=known_as)
        answer = self._refusal(scope, headers) or limits.too_early(headers)
        if answer is None and not brought:  # who brings one may be somebody
            answer = self._too_often(scope)
        if answer is not None:
            await answer(scope, receive, send)
        else:
            await self._meet(scope, headers, brought, receive, send)

    async def _meet(
        self,
        scope: Scope,
        headers: Headers,
        brought: Sequence[str],
        receive: Receive,
        send: Send,
    ) -> None:
        async with AsyncExitStack() as turn:
            sending = _leaving(turn, send)
            try:
                if brought:
                    await turn.enter_async_context(self._turn(self._visits, scope))
                answer = await self._met(scope, headers, brought)
                is_somebody = scope["state"]["signed_in"] is not None
                takes_turn = answer is None and _takes_turn(scope)
                if not (takes_turn and is_somebody and scope["method"] != "POST"):
                    await turn.aclose()
                # Who it is comes first: nobody's body is kept who asks for too much.
                if answer is None and scope["method"] == "POST":
                    receive = await limits.with_body(receive, _largest(scope))
                if takes_turn and not is_somebody:
                    queue = self._queue_of_strangers(scope)
                    await turn.enter_async_context(self._turn(queue, scope))
            except BodyRefused as refused:
                answer = refused.answer
            except Busy:
                answer = limits.busy()
            if answer is not None:
                await answer(scope, receive, send)
                return
            # What answers GET answers HEAD (RFC 9110, 9.3.2): the server leaves the body out.
            is_seen = scope["method"] != "HEAD"
            scope["state"]["is_seen"] = is_seen
            scope = scope if is_seen else {**scope, "method": "GET"}
            await self._unopened.watched(self._inner, scope, receive, sending, is_seen=is_seen)

    def _queue_of_strangers(self, scope: Scope) -> FairQueue:
        if scope["method"] != "POST":
            return self._pages
        return self._known_forms if scope["state"]["known_as"] else self._forms

    def _turn(self, queue: FairQueue, scope: Scope) -> AbstractAsyncContextManager[None]:
        """The turn of an address, or of who was signed in before in this browser."""
        known_as = scope["state"]["known_as"]
        return queue.turn(known_as or network(scope["state"]["address"]), trusted=bool(known_as))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What a request is told that no page of ours sends, or None."""
        if scope["path"].startswith(_SOCKET):
            return PlainTextResponse(_("This app needs websockets."), status_code=400)
        if scope["method"] == "POST" and not self._origins.are_ours(headers):
            return errors.foreign(headers.get("origin", "null"), self._app.settings.base_url)
        return limits.refusal(scope, headers)

    def _too_often(self, scope: Scope) -> Response | None:
        """What somebody is told who asks for too much, or None."""
        if scope["path"] in _MACHINES:
            return None
        state = scope["state"]
        if who := state["signed_in"]:
            allows = self._asked_by_people.allows_one_more(str(who.person.id))
        else:
            allows = self._asked.allows_one_more(state["known_as"] or network(state["address"]))
        return None if allows else limits.too_often()

    async def _met(self, scope: Scope, headers: Headers, brought: Sequence[str]) -> Response | None:
        """Note who this is; returns what a stranger is told who has to be somebody, or None."""
        read = self._reads.get(scope["path"], sessions.nothing_more)
        found = await self._find(brought, read)
        signed_in = found.who if found else None
        scope["state"].update(
            signed_in=signed_in,
            read=found and found.more,
            session_cookie=found.cookie if found else next(iter(brought), None),
            device=devices.name_of(headers.get("user-agent", "")),
        )
        if brought and (answer := self._too_often(scope)):
            return answer
        if signed_in or scope["path"] in _OPEN_PATHS:
            return None
        if not _is_there(scope):
            return errors.nowhere(Request(scope), signed_in=False)
        return RedirectResponse(sign_in_path(scope), status_code=303)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        handshake = Handshake.read(scope["query_string"])
        if (
            scope["path"] != handshakes.PATH
            or handshake is None
            or not self._origins.are_ours(headers)
        ):
            await _turn_away(receive, send)
            return
        cookies = cookies_in(headers.getlist("cookie"))
        scope["state"].update(address=_address(scope), known_as=self._known_as(cookies))
        brought = self._session_cookies(cookies)
        async with AsyncExitStack() as turn:
            sending = _leaving(turn, send)
            if brought:
                await turn.enter_async_context(self._turn(self._arrivals, scope))
            found = await self._find(brought, sessions.nothing_more)
            who = found.who if found else None
            await self._open_socket(scope, handshake, who, receive, sending)

    async def _open_socket(
        self,
        scope: Scope,
        handshake: Handshake,
        who: SignedIn | None,
        receive: Receive,
        send: Send,
    ) -> None:
        if who is None and not self._asked.allows_one_more(network(_address(scope))):
            await _turn_away(receive, send)
            return
        client = _page_of(handshake, who)
        with self._sockets.place(client, who, _address(scope)) as budget:
            if budget is None:
                await _turn_away(receive, send)
                return
            connection: SocketConnection = scope["state"].pop(CONNECTION)
            connection.spend_from(budget)
            if client is None or who is None:
                await tell_gone(receive, send)
                return
            socket = PageSocket(
                receive,
                send,
                client,
                rate=budget.messages,
                turn=partial(self._turn, self._arrivals, scope),
                holds=partial(asyncio.to_thread, sessions.is_open, self._app.database, who),
                send_away=self._send_away,
            )
            scope["query_string"] = handshake.query(client.id)
            with self._sockets.open(client, socket):
                await self._inner(scope, socket.receive, send)
            socket.untie()

    def _session_cookies(self, cookies: Mapping[str, list[str]]) -> list[str]:
        """Each that there may be: another app of the host can have set one of our name."""
        brought = dict.fromkeys(cookies.get(cookie_name(self._app), ()))
        return [cookie for cookie in brought if sessions.may_be(cookie)][:_MOST_OF_A_NAME]

    def _known_as(self, cookies: Mapping[str, list[str]]) -> str:
        """Who was signed in last in this browser, else ''. Who has many browsers is still one."""
        known = cookies.get(known_name(self._app), [""])[0]
        people = self._app.proving.people_of(known) if known else ()
        return f"known {people[0]}" if people else ""

    async def _find(
        self, brought: Sequence[str], read: Callable[[Session, Person], object]
    ) -> FoundSession[object] | None:
        """Who holds one of the cookies."""
        if not brought:
            return None
        return await asyncio.to_thread(sessions.find_with, self._app.database, brought, read)


def _leaving(turn: AsyncExitStack, send: Send) -> Send:
    """End a turn with the answer's beginning: whoever takes it slowly keeps nobody else waiting."""

    async def sending(message: Message) -> None:
        await turn.aclose()
        await send(message)

    return sending


def _largest(scope: Scope) -> int:
    """How large a body may be: a returned mail's worth from an administrator alone."""
    who: SignedIn | None = scope["state"]["signed_in"]
    if scope["path"] == limits.RETURNED_MAIL and who and who.person.administrator:
        return limits.LARGEST_RETURNED_MAIL
    return limits.LARGEST_BODY


def _takes_turn(scope: Scope) -> bool:
    """What asks the identity provider waits for somebody else, and keeps nobody waiting."""
    return scope["path"] not in _MACHINES and not scope["path"].startswith(_PROVIDER)


def _page_of(handshake: Handshake, who: SignedIn | None) -> Client | None:
    """The page that a socket names, if it was asked for with the session that the socket brings."""
    client = Client.instances.get(handshake.client_id)
    if client is None or who is None:
        return None
    asked_by: SignedIn | None = client.request.state.signed_in
    return client if asked_by and asked_by.token_hash == who.token_hash else None


def _is_there(scope: Scope) -> bool:
    """Whether any page or route answers at this path."""
    routes: list[BaseRoute] = [*scope["app"].routes, *nicegui_app.routes]
    return any(
        route.matches(scope)[0] is not Match.NONE
        for route in routes
        if not (isinstance(route, Mount) and route.app is nicegui_app)
    )


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


async def _turn_away(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})

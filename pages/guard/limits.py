"""How much a request may hold, and how long it may take: a form's worth, and no more."""

import asyncio

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope

from moodtracker.language import gettext as _
from moodtracker.mail import unsubscribe

_FORMS = ("", "application/x-www-form-urlencoded")
_ONE_CLICK = "multipart/form-data"  # which mail programs may send (RFC 8058, 3.2), and nobody reads
METHODS = ("GET", "HEAD", "POST")
LARGEST_BODY = 64 * 1024
# The one form into which a whole mail is pasted. A year's mail has 130 KB with many notes, and
# three letters may stand for one where browsers send it.
RETURNED_MAIL = "/admin/year-end/bounce"
LARGEST_RETURNED_MAIL = 3 * 512 * 1024
MOST_HEADERS = 100
LARGEST_HEAD = 32 * 1024
_LONGEST_ADDRESS = 4 * 1024
_BODY_SECONDS = 20.0


class BodyRefused(Exception):  # noqa: N818 - it is an answer to the sender, not a fault
    """The body does not come in, for what ``answer`` says."""

    def __init__(self, answer: Response) -> None:
        """Keep what the sender is told."""
        super().__init__(answer.status_code)
        self.answer = answer


def refusal(scope: Scope, headers: Headers) -> Response | None:
    """What a request is told that asks in no way that this app knows, or None."""
    if scope["method"] not in METHODS:
        return _told(405, _("This is not done here."), Allow=", ".join(METHODS))
    if len(scope["path"]) + len(scope["query_string"]) > _LONGEST_ADDRESS:
        return _told(414, _("This address is too long."))
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return _told(422, _unseen())
    raw = scope["headers"]
    if len(raw) > MOST_HEADERS or sum(len(name) + len(value) for name, value in raw) > LARGEST_HEAD:
        return _told(431, _("This request has too many headers."))
    return _form_refusal(scope, headers) if scope["method"] == "POST" else None


def _form_refusal(scope: Scope, headers: Headers) -> Response | None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS and not (kind == _ONE_CLICK and scope["path"] == unsubscribe.PATH):
        return _told(415, _("Only forms are taken here, and no files."))
    length = headers.get("content-length", "0")
    largest = LARGEST_RETURNED_MAIL if scope["path"] == RETURNED_MAIL else LARGEST_BODY
    if not length.isdigit() or int(length) > largest:
        return _told(413, _("This is too long."))
    return None


def too_early(headers: Headers) -> Response | None:
    """What a browser is told that asks for a page before anybody wants to see it, or None.

    Such a page would wait for a socket that may never come; the browser asks again in time.
    """
    purpose = headers.get("sec-purpose") or headers.get("purpose") or ""
    return _told(503, _("Not ahead of time.")) if "prefetch" in purpose.lower() else None


def too_often() -> Response:
    """What a stranger is told whose address asks for more than one page after the other."""
    return _told(429, _("That was tried too often. Please wait a little, and try again."))


def busy() -> Response:
    """What strangers are told who ask for so many pages that one more would wait too long."""
    return _told(
        503, _("Very much is asked for at this moment. Please try again in a little while.")
    )


async def with_body(receive: Receive, largest: int = LARGEST_BODY) -> Receive:
    """Read the whole body, then hand it out as one; raises :class:`BodyRefused`."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise BodyRefused(_told(400, _("The sender has left.")))
                body += message.get("body", b"")
                if len(body) > largest:
                    raise BodyRefused(_told(413, _("This is too long.")))
                more = message.get("more_body", False)
        # No name and no text of a form holds it, and PostgreSQL takes none.
        if b"%00" in body or b"\0" in body:
            raise BodyRefused(_told(422, _unseen()))
    except TimeoutError:
        raise BodyRefused(_told(408, _("This took too long. Please try again."))) from None
    whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

    async def receiving() -> Message:
        nonlocal whole
        message, whole = whole, None
        return message or await receive()

    return receiving


def _unseen() -> str:
    return _("This contains characters that cannot be seen. Please type it again.")


def _told(status: int, words: str, **headers: str) -> Response:
    # What was not read cannot be told from the next request: so the connection ends with this.
    return PlainTextResponse(words, status_code=status, headers=headers | {"Connection": "close"})

"""Where a person may be led: to paths of this app alone."""

from urllib.parse import quote, urlsplit

from starlette.types import Scope

from moodtracker.accounts.attempt import SIGNED_OUT
from moodtracker.settings import Settings


def local_path(address: str | None) -> str:
    """``address`` if it is a path of this app, else '/': nobody is led to another site.

    Browsers take '//host', '/\\\\host' and tabs or line breaks in between for another host.
    """
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return "/"
    if "\\" in address or any(ord(character) < 0x20 for character in address):
        return "/"
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc else "/"


def signed_out_path(settings: Settings) -> str:
    """Where somebody is led whose session is over.

    Never to a page that leads straight to the identity provider: it still knows them, and would
    sign them in again at once.
    """
    return SIGNED_OUT if settings.oidc_only else "/login"


def sign_in_path(scope: Scope) -> str:
    """The sign-in page, which leads on to what was asked for.

    From the board it is told as a relative path: that is right also where a proxy takes a
    sub-path off which the app does not know of, and the page then names the fault.
    """
    wanted = scope["path"]
    if scope["query_string"]:
        wanted += "?" + scope["query_string"].decode("latin-1")
    if scope["method"] not in ("GET", "HEAD") or wanted == "/":
        return "/login" if wanted != "/" else "login"
    return "/login?next=" + quote(local_path(wanted), safe="/")

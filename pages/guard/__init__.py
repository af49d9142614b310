"""The one door: who comes in, over HTTP and websocket, before any page or route sees them."""

from pages.guard.cookies import cookie_name, cookie_path, cookies_in, known_name
from pages.guard.door import Guard
from pages.guard.page_socket import asks_for_its_session
from pages.guard.paths import local_path, signed_out_path

__all__ = [
    "Guard",
    "asks_for_its_session",
    "cookie_name",
    "cookie_path",
    "cookies_in",
    "known_name",
    "local_path",
    "signed_out_path",
]

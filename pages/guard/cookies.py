"""Our cookies: their names, and how they are found among others."""

from collections.abc import Iterable

from moodtracker.app import App

_OURS = "moodtracker"  # in the name of each


def cookie_name(app: App) -> str:
    """The session cookie's name; its prefix has the browser itself keep it as it was set.

    RFC 6265bis, 4.1.3: `__Host-` asks for https, this host alone and the path '/'. Below a
    sub-path the host's other apps need not see the cookie, so there it is `__Secure-`.
    """
    if not app.settings.secure:
        return _OURS
    return ("__Secure-" if app.settings.sub_path else "__Host-") + _OURS


def known_name(app: App) -> str:
    """The name of the cookie by which a browser is known again after its session."""
    return f"{cookie_name(app)}-known"


def cookie_path(app: App) -> str:
    """For which paths of the host the browser sends our cookies."""
    return app.settings.sub_path or "/"


def cookies_in(headers: Iterable[str]) -> dict[str, list[str]]:
    """Our cookies of these Cookie headers, by their names, in the browser's order.

    Of several that have the same name, the one for the longer path stands first (RFC 6265, 5.4).
    Cut by hand: Python's own parser stops at what another app of the host may have set, such as
    JSON, and some of its versions take seconds for what a stranger sends (CVE-2024-7592). How long
    the headers may be, :mod:`pages.guard.limits` says.
    """
    found: dict[str, list[str]] = {}
    for header in headers:
        for pair in header.split(";"):
            name, _, value = pair.strip(" \t").partition("=")
            if _OURS in name:
                found.setdefault(name.rstrip(" \t"), []).append(_unquoted(value.lstrip(" \t")))
    return found


def _unquoted(value: str) -> str:
    """Without the quotes that a value may stand in (RFC 6265, 4.1.1)."""
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if is_quoted else value

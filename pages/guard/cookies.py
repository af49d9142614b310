"""The session cookie: its name, and how it is found among others."""

from http.cookies import CookieError, SimpleCookie

from moodtracker.app import App


def cookie_name(app: App) -> str:
    """The session cookie's name; its prefix has the browser itself keep it as it was set.

    RFC 6265bis, 4.1.3: `__Host-` asks for https, this host alone and the path '/'. Below a
    sub-path the host's other apps need not see the cookie, so there it is `__Secure-`.
    """
    if not app.settings.secure:
        return "moodtracker"
    return "__Secure-moodtracker" if app.settings.sub_path else "__Host-moodtracker"


def cookie_path(app: App) -> str:
    """For which paths of the host the browser sends our cookies."""
    return app.settings.sub_path or "/"


def cookie_in(header: str, name: str) -> str | None:
    """The value of one cookie in a Cookie header, None where there is none."""
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None

"""The fields by which a new person says who they are."""

from collections.abc import Mapping

from moodtracker.language import gettext as _
from pages import parts


def who_fields(
    given: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    focus: bool,
    verified_address: str | None = None,
) -> None:
    """Ask for the names and the address; not for one that the provider vouches for."""
    parts.field(
        _("First name"),
        "first_name",
        value=given.get("first_name", ""),
        autocomplete="given-name",
        wrong=wrong.get("first_name"),
        focus=focus,
    )
    parts.field(
        _("Last name (if you like)"),
        "last_name",
        value=given.get("last_name", ""),
        autocomplete="family-name",
        wrong=wrong.get("last_name"),
        required=False,
    )
    parts.field(
        _("Username"),
        "username",
        value=given.get("username", ""),
        autocomplete="username",
        wrong=wrong.get("username"),
    )
    if verified_address is not None:
        words = _("Your finished board is mailed to {address} once a year.")
        parts.text("p", words.format(address=verified_address)).classes("help")
        return
    parts.field(
        _("E-mail"),
        "email",
        value=given.get("email", ""),
        autocomplete="email",
        help_text=_("Your finished board is mailed here once a year."),
        wrong=wrong.get("email"),
    )

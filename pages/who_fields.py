"""The fields by which a new person says who they are."""

from collections.abc import Mapping
from typing import Any

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

    def field(label: str, name: str, autocomplete: str, **more: Any) -> None:
        value, fault = given.get(name, ""), wrong.get(name)
        parts.field(label, name, value=value, autocomplete=autocomplete, wrong=fault, **more)

    field(_("First name"), "first_name", "given-name", focus=focus)
    field(_("Last name (if you like)"), "last_name", "family-name", required=False)
    field(_("Username"), "username", "username")
    if verified_address is None:
        help_text = _("Your finished board is mailed here once a year.")
        field(_("E-mail"), "email", "email", help_text=help_text)
    else:
        words = _("Your finished board is mailed to {address} once a year.")
        parts.text("p", words.format(address=verified_address)).classes("help")

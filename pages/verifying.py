"""Confirming a mail address by the link that was sent there.

Looking at the page changes nothing: mail programs follow links by themselves. The button does it.
"""

import asyncio

from fastapi import FastAPI, Request
from nicegui import ui
from starlette.responses import Response

from moodtracker.accounts import addresses
from moodtracker.accounts.addresses import AddressTaken
from moodtracker.accounts.links import LinkSpent
from moodtracker.accounts.throttling import Count, TooManyTries, network
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import errors, framework, parts, posting

_PAGE = ui.page("/verify", response_timeout=framework.PAGE_SECONDS)
_FREE_TRIES = 20  # from one address


def mount(web: FastAPI, app: App) -> None:
    """Serve /verify."""

    @_PAGE
    async def verify_page(request: Request) -> Response | None:
        token = request.query_params.get("token", "")
        try:
            email, username = await asyncio.to_thread(addresses.asked_for, app.database, token)
        except LinkSpent:
            return _spent()
        # Whoever confirms an account that is not theirs would get its mails, and nobody else's.
        whose = _(
            "{address} was entered for the account {username}. Is that account yours? If not, "
            "close this page."
        ).format(address=email, username=username)
        with parts.narrow_card(_("Is this your address?"), whose), parts.form("/verify"):
            parts.hidden("token", token)
            parts.submit(_("Confirm this address"))
        return None

    @web.post("/verify")
    async def verify(request: Request) -> Response:
        token = (await posting.given(request)).get("token", "")
        address = request.state.address
        try:
            counts = [Count(f"following links from {network(address)}", _FREE_TRIES)]
            await asyncio.to_thread(app.throttle.begin, counts)
            await asyncio.to_thread(addresses.verify, app.database, token, address)
        except LinkSpent:
            return _spent()
        except TooManyTries as error:
            return errors.wait(error)
        except AddressTaken:
            return errors.page(
                _("This address has an account already"),
                _("It was confirmed for another account. Sign in there, or choose another."),
                409,
                (_("Sign in"), "/login"),
            )
        return errors.page(
            _("Your address is confirmed"),
            _("From now on your mails are sent there."),
            200,
            (_("To your board"), "/"),
        )


def _spent() -> Response:
    return errors.page(
        _("This link does not work any more"),
        _("It was used already, or is too old. You can have another one sent from your settings."),
        410,
        (_("To your settings"), "/settings#address"),
    )

"""The identity provider: does its discovery document fit (OpenID Connect Discovery 1.0)."""

from collections.abc import Iterator

from moodtracker.accounts.attempt import BACK
from moodtracker.checks.finding import Finding
from moodtracker.settings import Settings

_SUBJECT = "sign-in"
_SECONDS = 10.0
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def look(config: Settings) -> Iterator[Finding]:
    """Whether people can be sent to the provider."""
    if config.oidc_issuer is None:
        yield Finding.ok(_SUBJECT, "By password; no identity provider is set.")
        return
    import httpx  # noqa: PLC0415 - 5 MB that nobody needs before something is looked at

    address = config.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        answer = httpx.get(address, timeout=_SECONDS)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        status = getattr(getattr(error, "response", None), "status_code", type(error).__name__)
        yield Finding.fault(
            _SUBJECT,
            f"The identity provider does not answer at {address} ({status}).",
            "Is MOODTRACKER_OIDC_ISSUER right, and can this machine reach it?",
        )
        return
    issuer = found.get("issuer") if isinstance(found, dict) else None
    if issuer != config.oidc_issuer:
        yield Finding.fault(
            _SUBJECT,
            f"The identity provider calls itself {issuer}, which has to match to the letter.",
            f"Set MOODTRACKER_OIDC_ISSUER={issuer}",
        )
        return
    missing = [name for name in _NEEDED if not found.get(name)]
    if missing:
        yield Finding.fault(
            _SUBJECT,
            f"The identity provider does not tell its {', '.join(missing)}.",
            "It does not speak OpenID Connect as Moodtracker needs it; look into its manual.",
        )
        return
    back = config.base_url + BACK
    yield Finding.ok(_SUBJECT, f"{issuer} answers. It has to send people back to {back}.")

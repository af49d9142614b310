"""The identity provider: OpenID Connect by discovery, through Authlib.

Core 1.0 with the code flow and a nonce, PKCE (RFC 7636), Discovery 1.0, RP-Initiated and
Back-Channel Logout 1.0, and the issuer in the answer (RFC 9207). Nothing here waits on the event
loop: a provider that hangs costs those who sign in with it, and nobody else.
"""

import asyncio
import logging
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Self, TypeVar

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from moodtracker import clock
from moodtracker.accounts.attempt import BACK, SIGNED_OUT, Attempt
from moodtracker.accounts.identity import (
    AttemptOver,
    Ended,
    Identity,
    NotBelieved,
    ProviderDown,
    ProviderRefused,
    check,
)
from moodtracker.settings import Settings

# Authlib would rather have a successor of httpx, which nothing else here uses, and says so loudly.
with warnings.catch_warnings(record=True):
    from authlib.integrations.httpx_client import AsyncOAuth2Client

log = logging.getLogger(__name__)

_SCOPE = "openid email profile"
_CALL_SECONDS = 5.0
_LEEWAY_SECONDS = 120  # between the provider's clock and ours
# What a provider may sign with: never 'none', nor what is made with a secret that two know.
_SIGNATURES = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError)
_SIGNED_OUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")

T = TypeVar("T")


class _Kept(Generic[T]):
    """Something that was fetched from the provider, kept for an hour.

    Of many who ask at once one fetches. A failure is kept for seconds, so that a provider that is
    down is asked once and not by everybody; meanwhile what was known holds, for a day at most.
    """

    _FRESH = timedelta(hours=1)
    _OLD = timedelta(days=1)
    _BETWEEN_TRIES = timedelta(seconds=5)

    def __init__(self, fetch: Callable[[], Awaitable[T]]) -> None:
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None

    async def get(self, *, anew: bool = False) -> T:
        """The value, fetched if need be, or at all if ``anew``; raises :class:`ProviderDown`."""
        async with self._lock:
            wanted_for = self._BETWEEN_TRIES if anew else self._FRESH
            if self._value is not None and _within(wanted_for, self._fetched_at):
                return self._value
            if not _within(self._BETWEEN_TRIES, self._failed_at):
                try:
                    self._value, self._fetched_at = await self._fetch(), clock.now()
                except ProviderDown as error:
                    self._failed_at = clock.now()
                    log.warning("the identity provider cannot be used: %s", error)
                else:
                    return self._value
            if self._value is not None and _within(self._OLD, self._fetched_at):
                return self._value
            raise ProviderDown


class Provider:
    """The one provider of this server."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, name: str, app_address: str
    ) -> None:
        """Nothing is asked yet; ``app_address`` is where people reach the app (BASE_URL)."""
        self.issuer = issuer
        self.name = name
        self._client_id = client_id
        self._client_secret = client_secret or None
        self._app_address = app_address
        self._trusted = httpx.create_ssl_context()  # made once: it takes 20 ms
        self._discovered = _Kept(self._discover)
        self._keys = _Kept(self._fetch_keys)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The provider that the settings name."""
        secret = settings.oidc_client_secret
        return cls(
            settings.oidc_issuer or "",
            settings.oidc_client_id or "",
            secret.get_secret_value() if secret else "",
            settings.oidc_name,
            settings.base_url,
        )

    async def address_to_sign_in(self, attempt: Attempt) -> str:
        """Where to send the browser; raises :class:`ProviderDown`."""
        told = await self._discovered.get()
        # A fresh proof is asked for twice over, since not every provider heeds both.
        fresh = {"prompt": "login", "max_age": "0"} if attempt.purpose == "confirm" else {}
        async with self._client(told) as client:
            address, _state = client.create_authorization_url(
                told["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                **fresh,
            )
        return str(address)

    async def identify(self, attempt: Attempt, answer: dict[str, str]) -> Identity:
        """Who came back, by the query with which the provider sent them.

        Raises :class:`ProviderRefused`, :class:`NotBelieved`, :class:`ProviderDown`, and
        :class:`AttemptOver` where the answer was used before.
        """
        if answer.get("iss", self.issuer) != self.issuer:
            raise NotBelieved("the answer names another issuer")
        if "error" in answer:
            raise ProviderRefused(answer["error"])
        if not answer.get("code"):
            raise NotBelieved("the answer holds no code")
        told = await self._discovered.get()
        async with self._client(told) as client:
            tokens = await self._exchange(client, told, attempt, answer["code"])
            claims = await self._claims_in(told, tokens, attempt.nonce)
            if "email" not in claims and told.get("userinfo_endpoint"):
                more = await self._ask(client, told["userinfo_endpoint"], signed_in=True)
                if more.get("sub") != claims["sub"]:
                    raise NotBelieved("userinfo speaks of somebody else")
                claims = more | claims
        return Identity.from_claims(claims, tokens["id_token"])

    async def address_to_sign_out(self, id_token: str) -> str | None:
        """Where to send the browser to be signed out there too, None where that is not possible.

        ``id_token`` is what the session began with. The provider sends them back to
        ``/signed-out``.
        """
        try:
            told = await self._discovered.get()
        except ProviderDown:
            return None
        if not told.get("end_session_endpoint"):
            return None
        back = {
            "id_token_hint": id_token,
            "client_id": self._client_id,
            "post_logout_redirect_uri": self._app_address + SIGNED_OUT,
        }
        return str(add_params_to_uri(told["end_session_endpoint"], back))

    async def ended(self, logout_token: str) -> Ended:
        """Whom the provider has signed out, as it tells us itself (Back-Channel Logout 1.0, 2.6).

        Raises :class:`NotBelieved` or :class:`ProviderDown`.
        """
        token = await self._decode(await self._discovered.get(), logout_token)
        claims = JWTClaims(token.claims, token.header, self._for_us())
        try:
            claims.validate(int(clock.now().timestamp()), _LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise NotBelieved(_kind(error)) from None
        events, subject, sid, name = (claims.get(key) for key in ("events", "sub", "sid", "jti"))
        if not isinstance(events, dict) or _SIGNED_OUT_EVENT not in events or "nonce" in claims:
            raise NotBelieved("it is no logout token")
        if not isinstance(name, str) or not name:
            raise NotBelieved("it has no name of its own")
        if not isinstance(subject, str | None) or not isinstance(sid, str | None):
            raise NotBelieved("it does not say whom")
        if not subject and not sid:
            raise NotBelieved("it does not say whom")
        over = datetime.fromtimestamp(claims["exp"] + _LEEWAY_SECONDS, UTC)
        return Ended(self.issuer, subject or "", sid or "", name, over)

    def _client(self, told: dict[str, Any]) -> AsyncOAuth2Client:
        understood = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        by_form = "client_secret_basic" not in understood and self._client_secret
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            scope=_SCOPE,
            redirect_uri=self._app_address + BACK,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post" if by_form else None,
            verify=self._trusted,
            timeout=_CALL_SECONDS,
            leeway=0,  # the access token is used at once, however soon it expires
        )

    async def _discover(self) -> dict[str, Any]:
        address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        async with self._client({}) as client:
            told = await self._ask(client, address)
        if told.get("issuer") != self.issuer:
            raise ProviderDown("it calls itself by another name than OIDC_ISSUER")
        if not all(isinstance(told.get(name), str) for name in _NEEDED):
            raise ProviderDown("its discovery document is not complete")
        return told

    async def _fetch_keys(self) -> KeySet:
        told = await self._discovered.get()
        async with self._client(told) as client:
            keys = await self._ask(client, told["jwks_uri"])
        try:
            return KeySet.import_key_set(keys)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderDown(f"its keys cannot be read ({type(error).__name__})") from None

    async def _ask(
        self, client: AsyncOAuth2Client, address: str, *, signed_in: bool = False
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                answer = await client.request("GET", address, withhold_token=not signed_in)
            answer.raise_for_status()
            content = answer.json()
        except (*_NO_ANSWER, AuthlibBaseError) as error:
            raise ProviderDown(f"{address} does not answer ({_kind(error)})") from None
        if not isinstance(content, dict):
            raise ProviderDown(f"{address} does not answer with an object")
        return content

    async def _exchange(
        self, client: AsyncOAuth2Client, told: dict[str, Any], attempt: Attempt, code: str
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                tokens = await client.fetch_token(
                    told["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                    redirect_uri=self._app_address + BACK,
                )
        except AuthlibBaseError as error:
            if error.error == "invalid_grant":  # used already, or too old
                raise AttemptOver from None
            log.warning("the identity provider refuses this app (%s)", str(error.error)[:60])
            raise ProviderDown from None
        except (*_NO_ANSWER, TypeError) as error:
            log.warning("the identity provider gives no token (%s)", _kind(error))
            raise ProviderDown from None
        if not isinstance(tokens.get("id_token"), str):
            raise NotBelieved("there is no ID token")
        return dict(tokens)

    async def _claims_in(
        self, told: dict[str, Any], tokens: dict[str, Any], nonce: str
    ) -> dict[str, Any]:
        """What the ID token says, once it has been proved (OpenID Connect Core 1.0, 3.1.3.7)."""
        token = await self._decode(told, tokens["id_token"])
        try:
            claims = CodeIDToken(
                token.claims,
                token.header,
                self._for_us() | {"nonce": {"essential": True, "value": nonce}},
                {
                    "nonce": nonce,
                    "client_id": self._client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(int(clock.now().timestamp()), _LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise NotBelieved(_kind(error)) from None
        return dict(claims)

    async def _decode(self, told: dict[str, Any], signed: str) -> jwt.Token:
        """What a token holds that the provider has signed."""
        said = told.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(
            algorithms=[name for name in _SIGNATURES if name in said], strict_check_header=False
        )
        try:
            try:
                token = jwt.decode(signed, await self._keys.get(), registry=registry)
            except InvalidKeyIdError:  # the provider has a new key
                token = jwt.decode(signed, await self._keys.get(anew=True), registry=registry)
        except (JoseError, ValueError, TypeError) as error:
            raise NotBelieved(_kind(error)) from None
        check(token.claims)
        return token

    def _for_us(self) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
            "iat": {"essential": True},
            "exp": {"essential": True},
        }


def _within(period: timedelta, moment: datetime | None) -> bool:
    """Whether ``moment`` lies no longer back than ``period`` (nor ahead: clocks are set)."""
    return moment is not None and abs(clock.now() - moment) < period


def _kind(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return str(status or type(error).__name__)

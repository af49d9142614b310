"""A provider that lies as it is told: what the real one would never send."""

import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT_ID = "moodtracker"
CLIENT_SECRET = "a secret that both of them know"


@lru_cache
def rsa_key(kid: str, which: int = 1) -> RSAKey:
    """A key of this name; ``which`` tells apart those of the same name."""
    return RSAKey.generate_key(2048, {"kid": kid})


class ForgingProvider:
    """Signs everybody in as ada at once; ``claims``, ``header`` and the rest can be bent."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = rsa_key("first")
        self.signing_key: RSAKey | bytes = self.key  # what tokens are signed with
        self.header = {"alg": "RS256", "kid": "first"}
        self.nonce = ""
        self.claims: dict[str, object] = {}
        self.userinfo: dict[str, object] = {}
        self.discovery: dict[str, object] = {}
        self.token_answer: dict[str, object] | None = None
        self.delay = 0.0  # seconds before each answer
        self.asked: list[str] = []  # the paths that were asked for

    @property
    def settings(self) -> dict[str, str]:
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Home",
        }

    def answer(self, path: str, query: dict[str, str]) -> object:
        """What is sent as JSON; a string is where to go on."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/me",
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            } | self.discovery
        if path == "/jwks":
            return {"keys": [self.key.as_dict(private=False)]}
        if path == "/token":
            return self.token_answer or {
                "access_token": "opaque",
                "token_type": "Bearer",
                "expires_in": 60,
                "id_token": self.id_token(),
            }
        if path == "/me":
            return {"sub": "ada", "email": "ada@example.org", "email_verified": True} | (
                self.userinfo
            )
        if path == "/auth":
            self.nonce = query["nonce"]
            back = urlencode({"code": "anything", "state": query["state"], "iss": self.issuer})
            return f"{query['redirect_uri']}?{back}"
        return {}

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "ada",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        if isinstance(self.signing_key, RSAKey):
            # Not as JWT: the library refuses to encode half a character, which JSON can write.
            return jws.serialize_compact(self.header, json.dumps(claims), self.signing_key)
        # By hand: no library makes such a token.
        token = ".".join(_base64(json.dumps(part).encode()) for part in (self.header, claims))
        signature = b""
        if self.signing_key:
            signature = hmac.digest(self.signing_key, token.encode(), "sha256")
        return f"{token}.{_base64(signature)}"


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def forging_provider() -> Iterator[ForgingProvider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            provider.asked.append(parts.path)
            time.sleep(provider.delay)
            content = provider.answer(parts.path, query)
            if isinstance(content, str):
                self.send_response(303)
                self.send_header("Location", content)
                self.end_headers()
                return
            is_error = isinstance(content, dict) and "error" in content
            self.send_response(400 if is_error else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = ForgingProvider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

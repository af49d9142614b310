"""A real OpenID Connect provider in its own process: the certified `oidc-provider` from npm."""

import json
import shutil
import subprocess

import pytest
from playwright.sync_api import Page

from support.needs import missing
from support.server import ROOT, free_port

CLIENT_ID = "moodtracker"
CLIENT_SECRET = "a secret that both of them know"
_NODE = ROOT / "tests" / "node"


class RealProvider:
    """`tests/node/provider.mjs` for one app, which is reached at ``app_address``."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.settings = {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Home",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, app_address: str) -> "RealProvider":
        node = shutil.which("node")
        if node is None or not (_NODE / "node_modules" / "oidc-provider").is_dir():
            missing("Node.js with tests/node/node_modules (Debian's packages nodejs and npm)")
        told = {
            "port": self.port,
            "clients": [
                {
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    "redirect_uris": [f"{app_address}/login/provider/back"],
                    "backchannel_logout_uri": f"{app_address}/login/provider/ended",
                    "backchannel_logout_session_required": True,
                    "post_logout_redirect_uris": [f"{app_address}/signed-out"],
                }
            ],
        }
        self._process = subprocess.Popen(
            [node, "provider.mjs", json.dumps(told)],
            cwd=_NODE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            pytest.fail("the provider did not start")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def sign_in(page: Page, name: str, *, agree: bool = True) -> None:
    """Fill in the provider's own sign-in page, and agree to what the app asks for at first."""
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "anything")
    page.click("button[type=submit]")
    if agree:
        page.wait_for_selector("text=scopes:")
        page.click("button[type=submit]")

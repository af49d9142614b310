"""Several instances over one PostgreSQL behind a real HAProxy."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from support.needs import missing
from support.server import ROOT, WAIT_SECONDS, Server, free_port

SECRET_KEY = "the same secret on every instance of the test"


class Balanced:
    """Instances a, b and c, and the address of the balancer in front of them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        if shutil.which("haproxy") is None:
            missing("HAProxy (Debian's package haproxy)")
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.instances: dict[str, Server] = {}
        for name in ("a", "b", "c"):
            home = folder / name
            home.mkdir()
            self.instances[name] = Server(
                home,
                DATABASE_URL=database_url.replace("+psycopg", ""),
                SECRET_KEY=SECRET_KEY,
                BASE_URL=self.url,
                ROLE="web",
                TRUSTED_PROXIES="127.0.0.1",
                DRAIN_SECONDS="2",
            )
        self._balancer: subprocess.Popen[bytes] | None = None

    def start(self) -> "Balanced":
        for instance in self.instances.values():
            instance.start()
        own = {
            f"MOODTRACKER_{name.upper()}": f"127.0.0.1:{instance.port}"
            for name, instance in self.instances.items()
        }
        self._balancer = subprocess.Popen(
            ["haproxy", "-db", "-f", str(ROOT / "deploy" / "haproxy.cfg")],
            env=os.environ | own | {"MOODTRACKER_BIND": f"127.0.0.1:{self.port}"},
        )
        self.await_served()
        return self

    def await_served(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail("the balancer serves nothing")

    def stop(self) -> None:
        if self._balancer is not None:
            self._balancer.kill()
            self._balancer.wait()
        for instance in self.instances.values():
            instance.stop(signal.SIGKILL)

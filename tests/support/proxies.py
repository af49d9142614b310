"""Real proxies with TLS, set up by the recipes in deploy/."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.needs import missing
from support.server import ROOT, WAIT_SECONDS, Server, free_port
from support.websites import certificate_for_localhost

# What stands around the recipe in a proxy's main file, on Debian.
_APACHE = """
ServerRoot /usr/lib/apache2
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule ssl_module modules/mod_ssl.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
LoadModule headers_module modules/mod_headers.so
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/proxy.log
User www-data
Group www-data
Listen {port}
"""
NGINX = """
pid {folder}/pid;
error_log {folder}/proxy.log;
daemon off;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/recipe;
}}
"""
_PROGRAMS = {"apache": "apache2", "nginx": "nginx", "haproxy": "haproxy", "caddy": "caddy"}
# The lines that docs/proxies.md has people change where the app shares its host.
AT_SUB_PATH = {
    "apache": (
        "ProxyPass / http://127.0.0.1:8080/ upgrade=websocket",
        "ProxyPass /mood http://127.0.0.1:8080/mood upgrade=websocket",
    ),
    "nginx": ("location / {", "location /mood/ {"),
    "haproxy": (
        "default_backend moodtracker",
        "use_backend moodtracker if { path /mood } or { path_beg /mood/ }",
    ),
    "caddy": ("reverse_proxy", "reverse_proxy /mood*"),
}
_RECIPES = {
    "apache": "apache.conf",
    "nginx": "nginx.conf",
    "haproxy": "haproxy-home.cfg",
    "caddy": "Caddyfile",
}
PROXIES = tuple(_PROGRAMS)

# Texts of a recipe, and what stands in their place.
Changed = tuple[tuple[str, str], ...]


class Proxy:
    """One proxy with TLS in front of one server."""

    def __init__(
        self, name: str, folder: Path, upstream: int, *, sub_path: str = "", changed: Changed = ()
    ) -> None:
        self.name = name
        self.port = free_port()
        self.host = f"https://localhost:{self.port}"
        self.url = self.host + sub_path
        self._changed = (AT_SUB_PATH[name], *changed) if sub_path else changed
        self._folder = folder
        self._upstream = upstream
        self._process: subprocess.Popen[bytes] | None = None
        if shutil.which(_PROGRAMS[name]) is None:
            missing(f"{_PROGRAMS[name]} (Debian's package of that name)")
        self._certificate = certificate_for_localhost(folder)

    def start(self) -> "Proxy":
        recipe = (ROOT / "deploy" / _RECIPES[self.name]).read_text()
        for ours, theirs in self._changed:
            assert ours in recipe
            recipe = recipe.replace(ours, theirs)
        for ours, theirs in {
            "/etc/ssl/mood.pem": str(self._certificate),
            "127.0.0.1:8080": f"127.0.0.1:{self._upstream}",
            "mood.example.org": "localhost",
            "/var/log/nginx": str(self._folder),
            "/var/log/apache2": str(self._folder),
            "*:443": f"*:{self.port}",
            " :443": f" 127.0.0.1:{self.port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
        }.items():
            recipe = recipe.replace(ours, theirs)
        (self._folder / "recipe").write_text(recipe)
        with (self._folder / "proxy.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), stdout=log, stderr=log
            )
        await_answer(f"{self.url}/readyz", self._folder / "proxy.log")
        return self

    def _command(self) -> list[str]:
        main = self._folder / "main.conf"
        if self.name == "apache":
            text = _APACHE.format(folder=self._folder, port=self.port)
            main.write_text(text + (self._folder / "recipe").read_text())
            return ["apache2", "-f", str(main), "-DFOREGROUND"]
        if self.name == "nginx":
            main.write_text(NGINX.format(folder=self._folder))
            return ["nginx", "-p", str(self._folder), "-c", str(main)]
        if self.name == "haproxy":
            return ["haproxy", "-db", "-f", str(self._folder / "recipe")]
        return ["caddy", "run", "--adapter", "caddyfile", "--config", str(self._folder / "recipe")]

    @property
    def trusted(self) -> Path:
        """Whom to trust for this proxy's certificate: Caddy makes its own."""
        if self.name == "caddy":
            return self._folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        return self._folder / "certificate.pem"

    def _environment(self) -> dict[str, str]:
        """Caddy's own settings: it makes a certificate for localhost by itself."""
        return os.environ | {
            "MOODTRACKER_ADDRESS": self.host,
            "HOME": str(self._folder),
            "XDG_DATA_HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
        }

    def logs(self) -> str:
        """All that it has written to any log so far."""
        return "".join(file.read_text() for file in self._folder.glob("*.log"))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(WAIT_SECONDS)


def await_answer(address: str, log: Path | None = None) -> None:
    """Wait until something answers 200 there; ``log`` is shown where nothing does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(address, verify=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"the proxy serves nothing: {log.read_text() if log else ''}")


@contextmanager
def behind(
    name: str, folder: Path, *, sub_path: str = "", changed: Changed = (), **settings: str
) -> Iterator[tuple[Proxy, Server]]:
    """A server and the proxy in front of it, both running."""
    (folder / "proxy").mkdir()
    server = Server(folder)
    proxy = Proxy(name, folder / "proxy", server.port, sub_path=sub_path, changed=changed)
    server.settings |= {"BASE_URL": proxy.url, "TRUSTED_PROXIES": "127.0.0.1"} | settings
    try:
        server.start()
        yield proxy.start(), server
    finally:
        proxy.stop()
        server.stop()

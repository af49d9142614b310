"""A container engine and the image, both for real: Docker where it runs, else Debian's podman."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.needs import missing
from support.server import ROOT, WAIT_SECONDS, free_port

_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_PACKAGES = "usr-is-merged,python3,python3-venv,ca-certificates"

# Without systemd, and inside a container or a small virtual machine.
_PODMAN = """
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
netns = "host"
[engine]
tmp_dir = "{folder}/tmp"
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class Engine:
    """What runs containers."""

    def __init__(self) -> None:
        # Podman wants its folders' names short, and shares none with another test process.
        self._folder = folder = Path(tempfile.mkdtemp(prefix="mood-", dir="/tmp"))
        self._own: list[str] = []
        self._environment = dict(os.environ)
        if _works(["docker", "info"]):
            self._program = "docker"
        elif os.geteuid() == 0 and shutil.which("podman") and shutil.which("runc"):
            self._program = "podman"
            (folder / "containers.conf").write_text(_PODMAN.format(folder=folder))
            self._environment["CONTAINERS_CONF"] = str(folder / "containers.conf")
            self._own = ["--root", str(folder / "root"), "--runroot", str(folder / "run")]
        else:
            missing("Docker, or Debian's podman and runc with the rights of root")

    def __call__(self, *words: str, check: bool = True) -> str:
        """Run one of its commands; gives what it says."""
        done = subprocess.run(
            [self._program, *self._own, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout + done.stderr

    def succeeds(self, *words: str) -> bool:
        done = subprocess.run(
            [self._program, *self._own, *words],
            env=self._environment,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def build(self, base: str) -> str:
        """The image from the Dockerfile, over a slim Debian; its name."""
        own = ["--format=docker", "--isolation=chroot"] if self._program == "podman" else []
        image = "moodtracker-under-test"
        self(
            "build", "--network=host", *own, *self.reach(), f"--build-arg=BASE={base}",
            "--tag", image, str(ROOT),
        )  # fmt: skip
        return image

    def reach(self) -> list[str]:
        """Options that give a container what this machine has to reach PyPI with."""
        if self._program == "docker":
            return []
        files = [file for file in (_CERTIFICATES, "/etc/pip.conf") if Path(file).exists()]
        return [f"--volume={file}:{file}:ro" for file in files]

    def without_tmp(self) -> list[str]:
        """Options by which a container has no /tmp to write to, as Docker's never have."""
        return [] if self._program == "docker" else ["--read-only-tmpfs=false"]

    def make_base(self) -> str:
        """A slim Debian with Python, made from this machine's package archive; its name."""
        if shutil.which("mmdebstrap") is None:
            missing("Debian's package mmdebstrap")
        tar = self._folder / "base.tar"
        made = subprocess.run(
            ["mmdebstrap", "--quiet", "--mode=root", "--variant=apt", f"--include={_PACKAGES}"]
            + ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]
            + [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "doc")]
            + ['--aptopt=APT::Install-Recommends "false"', "bookworm", str(tar), _mirror()],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr[-2000:]
        self("import", str(tar), "moodtracker-base")
        tar.unlink()
        return "moodtracker-base" if self._program == "docker" else "localhost/moodtracker-base"

    def inspect(self, what: str) -> dict[str, object]:
        found: list[dict[str, object]] = json.loads(self("inspect", what))
        return found[0]

    def remove_all(self) -> None:
        self("rm", "--all", "--force", check=False)
        if self._own:
            self("system", "reset", "--force", check=False)
        # Podman's builds leave layers mounted.
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            if (point := line.split()[1]).startswith(f"{self._folder}/"):
                subprocess.run(["umount", "--lazy", point], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass
class Container:
    """One container of the image, on the network of this machine."""

    engine: Engine
    image: str
    name: str
    settings: dict[str, str]

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"

    def run(self, *options: str) -> "Container":
        """Start it as docs and compose file say: read-only, without any capability."""
        own = {"PORT": str(self.port), "BASE_URL": self.url} | self.settings
        variables = [f"--env=MOODTRACKER_{name}={value}" for name, value in own.items()]
        self.engine(
            "run", "--detach", "--name", self.name, "--network=host", "--read-only",
            *self.engine.without_tmp(), "--cap-drop=all", "--security-opt=no-new-privileges",
            *variables, *options, self.image,
        )  # fmt: skip
        return self.await_ready()

    def await_ready(self) -> "Container":
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail(f"the container does not get ready: {self.log}")

    @property
    def log(self) -> str:
        return self.engine("logs", self.name)

    def is_healthy(self) -> bool:
        """What the image's own HEALTHCHECK finds, run now."""
        health = self.engine.inspect(self.name)["Config"]["Healthcheck"]["Test"]  # type: ignore[index,call-overload]
        assert health[0] == "CMD"
        return self.engine.succeeds("exec", self.name, *health[1:])


def _works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _mirror() -> str:
    """Where this machine has its Debian packages from."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = [line.split()[0] for line in told.splitlines() if line.endswith(" bookworm")]
    return found[0] if found else missing("a Debian bookworm archive in this machine's sources")

"""Machines made of network namespaces, joined by one switch; nothing reaches the real network."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of setns(2)
NET = "10.77.7"


class Machine:
    """One namespace with an address, and the processes that were started in it."""

    def __init__(self, name: str, number: int) -> None:
        """Make it; ``number`` is the last part of its address."""
        self.name = name
        self.address = f"{NET}.{number}"
        self.namespace = f"mood{os.getpid()}{name}"
        self._link = f"m{os.getpid() % 100000}x{number}"
        self.processes: list[subprocess.Popen[bytes]] = []
        _ip("netns", "add", self.namespace)

    def plug_in(self, switch: str) -> None:
        """Connect it to the bridge in the namespace ``switch``."""
        here, there = "eth0", self._link
        _ip(
            "link",
            "add",
            here,
            "netns",
            self.namespace,
            "type",
            "veth",
            "peer",
            there,
            "netns",
            switch,
        )
        _ip("-n", switch, "link", "set", there, "master", "switch", "up")
        _ip("-n", self.namespace, "address", "add", f"{self.address}/24", "dev", here)
        _ip("-n", self.namespace, "link", "set", here, "up")
        _ip("-n", self.namespace, "link", "set", "lo", "up")

    def unplug(self, switch: str) -> None:
        """Pull its cable: it hears nothing more, and nobody hears that."""
        _ip("-n", switch, "link", "set", self._link, "down")

    def lose_way_to(self, other: "Machine") -> None:
        """Let nothing that is meant for ``other`` leave this machine."""
        _ip("-n", self.namespace, "route", "add", "blackhole", other.address)

    def find_way_to(self, other: "Machine") -> None:
        """Reach it again."""
        _ip("-n", self.namespace, "route", "delete", "blackhole", other.address)

    def run(
        self,
        *command: str,
        log: Path,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start a program there, which leads a group of its own."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.namespace}", *become, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def remove(self) -> None:
        """Kill what was started there, and unmake it."""
        for process in self.processes:
            kill(process)
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False)


class Network:
    """The switch, and the machines that are plugged into it."""

    def __init__(self, machines: Sequence[tuple[str, int]]) -> None:
        """Make machines of these names and last parts of their addresses."""
        self._made: list[Machine] = []
        self._machines = machines
        self.switch = f"mood{os.getpid()}switch"

    def __enter__(self) -> Self:
        """Build it."""
        _ip("netns", "add", self.switch)
        try:
            _ip("-n", self.switch, "link", "add", "switch", "type", "bridge")
            _ip("-n", self.switch, "link", "set", "switch", "up")
            for name, number in self._machines:
                machine = Machine(name, number)
                self._made.append(machine)
                machine.plug_in(self.switch)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill everything, and leave nothing behind."""
        for machine in self._made:
            machine.remove()
        subprocess.run(["ip", "netns", "delete", self.switch], check=False)

    def __getitem__(self, name: str) -> Machine:
        """The machine of this name."""
        return next(machine for machine in self._made if machine.name == name)


def move_to(machine: Machine) -> None:
    """Let this process, and what it starts from now on, be on ``machine``."""
    with Path(f"/run/netns/{machine.namespace}").open() as namespace:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a program and all that it started, at once (SIGKILL)."""
    if process.poll() is None:
        # PostgreSQL's children lead groups of their own, and end with it unless they are frozen.
        children = _children(process)
        os.killpg(process.pid, signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    process.wait()


def freeze(process: "subprocess.Popen[bytes]") -> None:
    """Let a program, and what it has started, stand still, as on storage that hangs."""
    _signal(process, signal.SIGSTOP)


def thaw(process: "subprocess.Popen[bytes]") -> None:
    """Let it go on."""
    _signal(process, signal.SIGCONT)


def _signal(process: "subprocess.Popen[bytes]", which: signal.Signals) -> None:
    os.kill(process.pid, which)
    for child in _children(process):
        with suppress(ProcessLookupError):
            os.kill(child, which)


def _children(process: "subprocess.Popen[bytes]") -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(child) for child in children.split()]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)

"""Whether the kernel calls the clock synchronised: somebody, such as NTP, vouches for it.

It is asked by adjtimex(2), which anybody may read with. A sandbox that forbids it (such as
systemd's @system-service) ends who asks, so a process of its own does: this file, run as a program.
"""

import ctypes
import subprocess
import sys

_STA_UNSYNC = 0x40  # <sys/timex.h>
_SECONDS = 10
_YES, _NO = "synchronised", "not synchronised"


class _Timex(ctypes.Structure):
    """The beginning of struct timex, and more room than its rest takes."""

    _fields_ = (
        ("modes", ctypes.c_uint),  # 0: change nothing
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def is_synchronised() -> bool | None:
    """What the kernel says; None where it cannot be asked (no Linux, or a sandbox)."""
    if sys.platform != "linux":
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", __file__],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {_YES: True, _NO: False}.get(asked.stdout.strip())


def _ask() -> str:
    told = _Timex()
    if ctypes.CDLL(None).adjtimex(ctypes.byref(told)) == -1:
        return ""
    return _NO if told.status & _STA_UNSYNC else _YES


if __name__ == "__main__":
    sys.stdout.write(_ask())

"""Whether the kernel calls the clock synchronised: somebody, such as NTP, vouches for it.

Setting the clock by hand ends that at once, until NTP has looked at it again.

It is asked by adjtimex(2), which anybody may read with. A sandbox that forbids it (such as
systemd's @system-service) ends who asks, so a process of its own does: this file, run as a program.
"""

import ctypes
import subprocess
import sys
from datetime import UTC, datetime, timedelta

_STA_UNSYNC = 0x40  # <sys/timex.h>
_SECONDS = 10
_YES, _NO = "synchronised", "not synchronised"
# Further off than the asking takes: it is another clock.
_ANOTHER = timedelta(minutes=1)


class _Timex(ctypes.Structure):
    """The beginning of struct timex, and more room than its rest takes."""

    _fields_ = (
        ("modes", ctypes.c_uint),  # 0: change nothing
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),  # what it shows
        ("rest", ctypes.c_byte * 512),
    )


def is_synchronised(shown: datetime) -> bool | None:
    """What the kernel says of a clock that has just ``shown`` this.

    None where it cannot be asked (no Linux, or a sandbox), and where its own clock shows another
    time: it knows nothing of a database's clock on another machine.
    """
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
    said, _, seconds = asked.stdout.partition(": ")
    if not seconds or abs(datetime.fromtimestamp(int(seconds), UTC) - shown) > _ANOTHER:
        return None
    return {_YES: True, _NO: False}.get(said)


def _ask() -> str:
    told = _Timex()
    if ctypes.CDLL(None).adjtimex(ctypes.byref(told)) == -1:
        return ""
    said = _NO if told.status & _STA_UNSYNC else _YES
    return f"{said}: {told.seconds}"


if __name__ == "__main__":
    sys.stdout.write(_ask())

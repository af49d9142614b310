"""As many open files as the system lets a process have: each open page holds one, its socket.

Where nobody has said more, the limit that counts is 1024, far below the one that a process may
raise it to: systemd and shells begin there, for programs that are older than this one.
"""

import resource

_ENOUGH = 65_536


def allow_many() -> None:
    """Raise this process's limit as far as it may, and as is of use."""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if most == resource.RLIM_INFINITY else min(most, _ENOUGH)
    if resource.RLIM_INFINITY != limit < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))

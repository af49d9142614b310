"""Holes in the Python that runs this, which its updates have closed.

None of them opens anything here: names are kept from being decoded (`mail/message.py`), finished
headers are checked (`mail/mime.py`), and cookies are cut by hand (`pages/guard/cookies.py`). But
who runs such a Python has not updated it for long. What it can do tells, and not its number, since
distributions close holes without a new one.
"""

import http.cookies
import platform
from email.policy import Policy

# Closed in 3.11.10, 3.12.5 and 3.12.6.
_CLOSED_BY = {
    "CVE-2024-6923 (line breaks in mail headers)": (Policy, "verify_generated_headers"),
    "CVE-2024-7592 (slow cookies)": (http.cookies, "_unquote_sub"),
}


def known() -> str:
    """One line for the log that names them; '' where there is none."""
    names = [name for name, (where, closed) in _CLOSED_BY.items() if not hasattr(where, closed)]
    if not names:
        return ""
    holes = " and ".join(names)
    return f"Python {platform.python_version()} has known holes, {holes}: please update it"

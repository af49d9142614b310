"""What a setting may be, where its type alone does not say it."""

import re
import unicodedata
from email.utils import getaddresses
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import urlsplit

import idna

from moodtracker.mail_address import check_address

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What needs no percent-encoding (RFC 3986, 2.3), and names a folder.
_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/*")

Network = IPv4Network | IPv6Network


# The part before the @ (RFC 5321, 4.1.2), without quotes; letters beyond ASCII few servers take.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_LOCAL_PART = 64  # octets (RFC 5321, 4.5.3.1.1)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def ascii_host(host: str) -> str:
    """A host's name in ASCII: letters beyond it as xn-- (IDNA 2008, where ß stays what it is).

    Raises ValueError where it is no name.
    """
    if not host.isascii():
        try:
            return idna.encode(host, uts46=True, transitional=False).decode()
        except idna.IDNAError:
            raise ValueError("this is no name of a host") from None
    if len(host) > 253 or not all(map(_LABEL.fullmatch, host.removesuffix(".").split("."))):
        raise ValueError("this is no name of a host")
    return host


def mail_host(text: str) -> str:
    """The name or the address of a mail server."""
    host = text.strip()
    if ":" in host:
        try:
            return str(IPv6Address(host.strip("[]")))
        except ValueError:
            raise ValueError(
                "give the name alone, such as mail.example.org; the port is SMTP_PORT"
            ) from None
    try:
        return ascii_host(host)
    except ValueError:
        raise ValueError("give the name of a mail server, such as mail.example.org") from None


def sender(text: str) -> str:
    """Who mails are from: one address, or a name and one address."""
    found = getaddresses([text])
    name, address = found[0] if len(found) == 1 else ("", "")
    local, at, domain = address.rpartition("@")
    if text.strip().lower().startswith("mailto:"):
        raise ValueError("give the address alone, without mailto:")
    if len(re.findall(r'(?<!\\)"', text)) % 2:
        raise ValueError("a quote is opened and not closed")
    is_one = local and at and domain and text == _in_one_line(text)
    if not is_one or not _is_all(text, name, address):
        raise ValueError(
            "give an address such as mood@example.org, or Moodtracker <mood@example.org>, "
            "and nothing behind it"
        )
    if not _LOCAL_PART.fullmatch(local):
        raise ValueError(
            "the part before the @ needs plain letters: many mail servers refuse any other"
        )
    if len(local) > _LONGEST_LOCAL_PART:
        raise ValueError(f"the part before the @ may have {_LONGEST_LOCAL_PART} letters at most")
    # A name on a home's own network, such as localhost, may be one that its relay takes.
    try:
        labels = ascii_host(domain).removesuffix(".").split(".")
    except ValueError:
        labels = []
    if not labels or labels[-1].isdigit():
        raise ValueError("the part after the @ should be a domain such as example.org")
    return text.replace(address, address.removesuffix("."))


def _is_all(text: str, name: str, address: str) -> bool:
    """Whether a text says nothing but a name and an address, so that nothing gets lost."""
    before, found, after = text.strip().partition(f"<{address}>")
    return text.strip() == address or bool(found and not after and bool(before) == bool(name))


def _in_one_line(text: str) -> str:
    """``text`` without control characters."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cc").strip()


def web_address(text: str) -> str:
    """The address as browsers write it (WHATWG URL): lower case, no default port."""
    parts = urlsplit(text.strip())
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give an address such as https://mood.example.org")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port should be a number up to 65535") from None
    if not _PATH.fullmatch(parts.path):
        raise ValueError("its path should be plain, such as https://home.example/mood")
    try:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else ascii_host(parts.hostname)
    except ValueError:
        raise ValueError("give an address such as https://mood.example.org") from None
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        host += f":{port}"
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def issuer(text: str) -> str:
    """The issuer as the provider writes it: it is compared to the letter (OIDC Discovery 4.3)."""
    parts = urlsplit(text.strip())
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give the provider's address, such as https://auth.example.org")
    return text.strip()


def networks(given: object) -> object:
    """The addresses and networks of a list with commas: '10.0.0.1, 172.16.0.0/12, ::1'."""
    if not isinstance(given, str):
        return given
    try:
        return tuple(ip_network(part.strip()) for part in given.split(",") if part.strip())
    except ValueError:
        raise ValueError("give addresses or networks, such as 127.0.0.1,172.16.0.0/12") from None


def database_address(text: str) -> str:
    """The address of a database that can be used, with its driver."""
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return text.replace("postgresql://", "postgresql+psycopg://", 1)


_TAG_PLACE = "{}"
_LONGEST_TAG = 45


def address_with_place(text: str) -> str:
    """The address with one place for a tag, `{}`: at the end after a plus where none is named."""
    local, _, domain = text.strip().rpartition("@")
    if _TAG_PLACE not in local:
        local += f"+{_TAG_PLACE}"
    plain = local.replace(_TAG_PLACE, "tag", 1)
    try:
        checked = check_address(f"{plain}@{domain}")
    except ValueError:
        raise ValueError(
            "give an address such as bounce@example.org or bounce-{}@example.org"
        ) from None
    longest = _LONGEST_LOCAL_PART - _LONGEST_TAG
    if "{" in plain or not plain.isascii() or len(local) - len(_TAG_PLACE) > longest:
        raise ValueError(f"before its @ it may have {longest} plain characters, with one {{}}")
    return f"{local}@{checked.ascii_domain}"

"""Parts of a message (MIME, RFC 2045 and 2046), written straight into bytes.

``email`` parses each header of each part that it is given, and encodes a picture again wherever it
stands: of a mail with a board that takes more time than the board. Its headers are made with it,
since they hold what people typed; the parts have nothing but our own words.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from email.message import EmailMessage

_NAMED = re.compile(rb"[!-9;-~]+:[^\r\n]*\Z")
_GOES_ON = re.compile(rb"[ \t]+[^ \t\r\n][^\r\n]*")


def quoted_text(subtype: str, text: str, *more: str) -> bytes:
    """Text in any letters, as lines of 76 characters in 7 bits; ``more`` headers follow."""
    body = b2a_qp(text.replace("\r\n", "\n").replace("\n", "\r\n").encode(), istext=True)
    return _part(
        (
            f'Content-Type: text/{subtype}; charset="utf-8"',
            "Content-Transfer-Encoding: quoted-printable",
            *more,
        ),
        body,
    )


def ascii_text(subtype: str, text: str, *more: str) -> bytes:
    """Text in short lines of ASCII, as it is; raises UnicodeEncodeError for any other."""
    return _part(
        (
            f'Content-Type: text/{subtype}; charset="utf-8"',
            "Content-Transfer-Encoding: 7bit",
            *more,
        ),
        text.encode("ascii"),
    )


def in_base64(data: bytes) -> bytes:
    """What :func:`png` takes: encoded once, however often it is sent along."""
    return encodebytes(data).replace(b"\n", b"\r\n")


def png(encoded: bytes, *more: str) -> bytes:
    """A picture."""
    return _part(("Content-Type: image/png", "Content-Transfer-Encoding: base64", *more), encoded)


def attached(file_name: str) -> str:
    """The header of a part that is a file to be kept; the name is ASCII (RFC 2183)."""
    return f'Content-Disposition: attachment; filename="{file_name}"'


def multipart(kind: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    """Several parts as one; ``boundary`` stands in none of them."""
    between = f"--{boundary}".encode()
    body = b"".join(between + b"\r\n" + part + b"\r\n" for part in parts) + between + b"--\r\n"
    return _part((f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"',), body)


def message(headers: EmailMessage, content: bytes, *more: str) -> bytes:
    """A whole message: ``headers`` have no content yet; ``more`` headers come first, as they are.

    An EmailMessage would break an address of 76 characters over two lines. Raises ValueError where
    a header has ended another one, or all of them, whatever library or text brought that about.
    """
    names = [line.partition(":")[0] for line in more]
    first = "".join(f"{line}\r\n" for line in more).encode("ascii")
    head = first + headers.as_bytes().removesuffix(b"\r\n")
    _check(head, [*names, *headers.keys()])
    return head + b"MIME-Version: 1.0\r\n" + content


def finished(message: EmailMessage) -> bytes:
    """A message that was put together by Python's library; raises ValueError as :func:`message`."""
    content = message.as_bytes()
    _check(content.partition(b"\r\n\r\n")[0], message.keys())
    return content


def _check(head: bytes, names: Sequence[str]) -> None:
    """Raise ValueError unless these are headers of these names, in this order, and no others."""
    if _names_of(head) != [name.encode("ascii") for name in names]:
        raise ValueError("a header holds a line break")


def _names_of(lines: bytes) -> list[bytes | None]:
    """The names of header lines that end in CRLF; None for whatever is none.

    A line that goes on has something after the space that it begins with (RFC 5322, 2.2.3).
    """
    return [
        line.partition(b":")[0] if _NAMED.match(line) else None
        for line in lines.removesuffix(b"\r\n").split(b"\r\n")
        if not _GOES_ON.fullmatch(line)
    ]


def _part(headers: Sequence[str], body: bytes) -> bytes:
    return "".join(f"{line}\r\n" for line in headers).encode("ascii") + b"\r\n" + body

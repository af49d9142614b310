"""What a page's socket may say: a few kinds of text, each in its one shape.

NiceGUI takes what arrives on a socket at its word. So each message is read here first, as Engine.IO
4 and Socket.IO 5 write it, and whatever no page of ours would say ends the socket.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from nicegui import json  # the very reader that will read it again: no two opinions on a message

LONGEST = 16 * 1024
_MOST_ARGUMENTS = 8
_LONGEST_ID = 64

_PONG, _CLOSE, _DISCONNECT, _EVENT = "3", "1", "41", "42["
_CONNECT = ("40", "40{}")  # without credentials, as browsers and as Python write it
# NiceGUI's script sends these by itself, and nothing here listens to them.
_UNHEARD = ("log", "javascript_response")


class Kind(Enum):
    """What becomes of a message."""

    CONNECT = "opens the page's conversation, once"
    EVENT = "something happened on the page: only while its session holds"
    ORDINARY = "keeps the connection going"
    UNHEARD = "dropped"


class FrameRefused(Exception):  # noqa: N818 - it is an answer to the sender, not a fault
    """No page of ours says this; the text says why, and never what it was."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, understood; ``element`` and ``listener`` name an event's place on the page."""

    kind: Kind
    element: int = 0
    listener: str = ""


def read(text: str, client_id: str) -> Frame:
    """Understand a message of the page ``client_id``; raises :class:`FrameRefused`."""
    if len(text) > LONGEST:
        raise FrameRefused("too long")
    if text in (_PONG, _CLOSE, _DISCONNECT):
        return Frame(Kind.ORDINARY)
    if text in _CONNECT:
        return Frame(Kind.CONNECT)
    if not text.startswith(_EVENT):
        raise FrameRefused("no kind of message that a page sends")
    match _parsed(text[2:]):
        case ["event", dict(event)] if event.get("client_id") == client_id:
            return _event(event)
        case ["ack", dict(ack)] if ack.get("client_id") == client_id:
            if type(ack.get("next_message_id")) is int and len(ack) == 2:
                return Frame(Kind.ORDINARY)
        case [str(name), dict()] if name in _UNHEARD:
            return Frame(Kind.UNHEARD)
    raise FrameRefused("no event that a page sends")


def _event(event: dict[Any, Any]) -> Frame:
    match event:
        case {
            "id": int(element),
            "listener_id": str(listener),
            "args": list(arguments),
            "client_id": _,
            **rest,
        } if not rest and len(listener) <= _LONGEST_ID and len(arguments) <= _MOST_ARGUMENTS:
            for argument in arguments:
                if argument is not None:
                    _parsed(argument)
            return Frame(Kind.EVENT, element, listener)
    raise FrameRefused("not the shape of an event")


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        raise FrameRefused("not text")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise FrameRefused("not JSON") from None

"""The address by which a page opens its socket, taken apart and written anew."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlencode

PATH = "/_nicegui_ws/socket.io/"
_LONGEST = 1024
_MOST_FIELDS = 20
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Handshake:
    """Which page a socket says to be of, as the page's HTML told the browser."""

    client_id: str
    tab_id: str
    document_id: str
    next_message_id: str

    @classmethod
    def read(cls, query: bytes) -> Self | None:
        """Take it from a socket's address; None where no page of ours would ask like this."""
        if len(query) > _LONGEST:
            return None
        try:
            said = dict(parse_qsl(query.decode("latin-1"), max_num_fields=_MOST_FIELDS))
        except ValueError:
            return None
        if said.get("transport") != "websocket" or said.get("EIO") != "4" or "sid" in said:
            return None
        ids = [said.get(name, "") for name in ("client_id", "tab_id", "document_id")]
        number = said.get("next_message_id", "")
        if not all(map(_ID.fullmatch, ids)) or not _NUMBER.fullmatch(number):
            return None
        client_id, tab_id, document_id = ids
        return cls(client_id, tab_id, document_id, number)

    def query(self, client_id: str) -> bytes:
        """What NiceGUI is told: nothing but this, and no other tab to take something over from."""
        return urlencode(
            {
                "EIO": "4",
                "transport": "websocket",
                "implicit_handshake": "true",
                "client_id": client_id,
                "tab_id": self.tab_id,
                "document_id": self.document_id,
                "next_message_id": self.next_message_id,
            }
        ).encode()

"""Texts that are the same for everybody, as files that browsers keep: made and packed once."""

import gzip
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pages.assets import KEEP, mark


@dataclass(frozen=True, slots=True)
class KeptText:
    """One of them, as it is and compressed; ``mark`` names its content, for its address."""

    content: bytes
    packed: bytes
    mark: str
    media_type: str

    @classmethod
    def of(cls, text: str, media_type: str) -> "KeptText":
        """Make it ready."""
        content = text.encode()
        return cls(content, gzip.compress(content, mtime=0), mark(content), media_type)

    def answer(self, request: Request) -> Response:
        """The text, compressed where the browser takes it (RFC 9110, 12.5.3)."""
        headers = {"Cache-Control": KEEP, "Vary": "Accept-Encoding"}
        content = self.content
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            content = self.packed
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=self.media_type, headers=headers)

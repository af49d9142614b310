"""A file that goes out, and whether all of it did."""

import asyncio
import logging
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from moodtracker.database_trouble import told
from pages.guard.connections import connection_of

log = logging.getLogger(__name__)


class Download(Response):
    """A file to be kept, in no cache; ``note_taken`` is called once its last byte has arrived.

    That is not so where only the head was asked for, and not where the other side went away; nor
    is it while the file is on its way. A part of it is never sent (no RFC 9110 ranges), so that
    all that was sent is all of it.
    """

    def __init__(
        self,
        content: str | bytes,
        media_type: str,
        name: str,
        note_taken: Callable[[], None] | None = None,
    ) -> None:
        """``name`` is the file's, in ASCII; ``note_taken`` runs in a thread."""
        super().__init__(
            content,
            media_type=media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )
        self._note_taken = note_taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the answer is not over, and its connection not closed, before it is known.

        The last byte is held back for a moment: who hangs up before it does not want the file, or
        has not read it, and whoever has read the last byte has read them all.
        """
        if self._note_taken is None or not scope["state"]["is_seen"]:
            await super().__call__(scope, receive, send)
            return
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        connection = connection_of(scope)
        await send({"type": "http.response.body", "body": self.body[:-1], "more_body": True})
        is_there = connection and await connection.took_all() and not await connection.hangs_up()
        await send({"type": "http.response.body", "body": self.body[-1:], "more_body": True})
        if is_there and connection and await connection.took_all():
            await self._note(self._note_taken)
        await send({"type": "http.response.body", "body": b""})

    async def _note(self, note: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(note)
        except Exception as error:
            # The person has the file all the same; the year only stays longer.
            log.warning("a download could not be noted (%s)", told(error))

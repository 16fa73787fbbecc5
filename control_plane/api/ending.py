"""uvicorn's server, which ends what outlives its patience in order.

By itself it cancels all at once, calls that an error, and closes the services while what it cancelled still uses them. Here
each of them ends first: a request that was not answered is told so by ``Edge``, a stream that was begun breaks off as if its
reader had left, and a reader who does not take the last word is let go.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Final

import uvicorn

PATIENCE_SEC: Final = 3.0
"""What requests have left when the server is told to end. A run may take a day, and goes on in its sandbox."""
LAST_WORDS_SEC: Final = 2.0
"""What those who are cut off have left to take their answer."""
HANG_SEC: Final = 30
"""After all that only a task that refuses to end is left. It is cancelled again, and uvicorn says so."""


class EndingServer(uvicorn.Server):
    """Give its configuration ``timeout_graceful_shutdown=HANG_SEC``."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End connections, then the application."""
        cutting = asyncio.create_task(self._cut_off())
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()
            with suppress(asyncio.CancelledError):
                await cutting

    async def _cut_off(self) -> None:
        await asyncio.sleep(PATIENCE_SEC)
        self._break_off(begun=True)
        # They hear now that their readers are gone, and who ends by that is not cancelled.
        await asyncio.sleep(0.05)
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.sleep(LAST_WORDS_SEC)
        self._break_off(begun=False)

    def _break_off(self, *, begun: bool) -> None:
        """Drop connections: those whose answer, or whose WebSocket, was ``begun``, or else all that are left."""
        for connection in list(self.server_state.connections):
            cycle = getattr(
                connection, "cycle", None
            )  # what uvicorn's protocols for HTTP call a request and its answer
            if not begun or cycle is None or cycle.response_started:
                connection.transport.abort()

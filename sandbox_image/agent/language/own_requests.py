"""What the relay itself asks a server, such as to initialize: answered to nobody outside."""

import asyncio

from .envelope import Envelope


class ServerLost(Exception):
    """The server ended before it answered a request of the relay itself."""


class OwnRequests:
    """The relay's requests that are in flight, by the number that the server knows them under."""

    def __init__(self) -> None:
        self._futures: dict[int, asyncio.Future[Envelope]] = {}

    def expect(self, number: int) -> asyncio.Future[Envelope]:
        """The answer to come; it fails with ``ServerLost`` when the server ends before."""
        future = self._futures[number] = asyncio.get_running_loop().create_future()
        return future

    def answered(self, number: int, message: Envelope) -> bool:
        """Take an answer; false when the relay did not ask this."""
        future = self._futures.pop(number, None)
        if future is None:
            return False
        if not future.done():
            future.set_result(message)
        return True

    def lost(self) -> None:
        """The server is gone."""
        futures, self._futures = self._futures, {}
        for future in futures.values():
            if not future.done():
                future.set_exception(ServerLost("The language server ended."))

"""Answering with a file's bytes: whole, a range of it, or not at all when the client has it."""

import asyncio
import os
import re
from typing import Final

from starlette.types import Receive, Scope, Send

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode

from .tree import Parts, Tree, etag_of

SLICE: Final = 512 * 1024
"""Bytes in memory at a time."""
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


def span(header: str, size: int) -> tuple[int, int] | None:
    """First and last offset of a range; None for the whole file, which is also the answer to ranges we do not know.

    Raises RANGE_NOT_SATISFIABLE for one that lies outside.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first > last:
        raise AgentError(ErrorCode.RANGE_NOT_SATISFIABLE, f"The file has {size} bytes.", size=size)
    return first, last


class Download:
    """An ASGI response. The file is opened when it is made, and closed when it was served: always serve it."""

    def __init__(self, tree: Tree, parts: Parts, *, range_header: str, if_range: str, known: str) -> None:
        self._fd, found = tree.open_file(parts)
        try:
            self._size = found.st_size
            self._etag = etag_of(found)
            self._span = span(range_header, self._size) if if_range in {"", self._etag} else None
        except AgentError:
            os.close(self._fd)
            raise
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        self._unchanged = "*" in tags or self._etag in tags

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(self._serve(scope, send))
                # The server drops what is sent to a client that has gone, and does not say so.
                leaving = tasks.create_task(_until_gone(receive))
                await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
                serving.cancel()
                leaving.cancel()
        finally:
            os.close(self._fd)

    async def _serve(self, scope: Scope, send: Send) -> None:
        first, last = self._span or (0, self._size - 1)
        headers = {"etag": self._etag, "accept-ranges": "bytes", "cache-control": "no-cache"}
        status = 304 if self._unchanged else 206 if self._span else 200
        if not self._unchanged:
            headers["content-length"] = str(last - first + 1)
            # Never guessed: a file of the workspace must not become a page of ours.
            headers["content-type"] = "application/octet-stream"
            headers["x-content-type-options"] = "nosniff"
        if status == 206:
            headers["content-range"] = f"bytes {first}-{last}/{self._size}"
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        if status != 304 and scope["method"] != "HEAD":
            await self._send_bytes(first, last, send)
        await send({"type": "http.response.body", "body": b""})

    async def _send_bytes(self, first: int, last: int, send: Send) -> None:
        while first <= last:
            data = await asyncio.to_thread(os.pread, self._fd, min(SLICE, last - first + 1), first)
            if not data:
                # Shorter than it was: what was announced cannot be kept, so the connection breaks and the client sees it.
                raise ConnectionAbortedError("the file became shorter while it was sent")
            first += len(data)
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

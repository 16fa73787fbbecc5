"""The ``Content-Length`` framing of language servers on their standard streams. Pure: bytes in, messages out."""

from typing import Final

MAX_HEADER: Final = 4096
_END: Final = b"\r\n\r\n"


class FramingError(Exception):
    """The stream can no longer be understood; nothing that follows can be trusted to start a message."""


def frame(message: bytes) -> bytes:
    """One message as it goes to a server's standard input."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)


class FrameDecoder:
    """Cuts a byte stream into messages of at most ``limit`` bytes, keeping no more than one message and one read."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and return the messages that they complete.

        Raises:
            FramingError: a header is too long, has no valid ``Content-Length``, or announces more than the limit.
        """
        self._buffer += data
        messages: list[bytes] = []
        start = 0
        while True:
            if self._length is None:
                end = self._buffer.find(_END, start, start + MAX_HEADER)
                if end < 0:
                    if len(self._buffer) - start >= MAX_HEADER:
                        raise FramingError(f"A header is longer than {MAX_HEADER} bytes.")
                    break
                self._length = self._content_length(bytes(self._buffer[start:end]))
                start = end + len(_END)
            if len(self._buffer) - start < self._length:
                break
            messages.append(bytes(memoryview(self._buffer)[start : start + self._length]))
            start += self._length
            self._length = None
        del self._buffer[:start]
        return messages

    def _content_length(self, header: bytes) -> int:
        lengths = [
            value.strip()
            for name, _, value in (line.partition(b":") for line in header.split(b"\r\n"))
            if name.strip().lower() == b"content-length"
        ]
        if len(lengths) != 1 or not lengths[0].isdigit() or len(lengths[0]) > 12:
            raise FramingError("A header has no valid Content-Length.")
        length = int(lengths[0])
        if length > self._limit:
            raise FramingError(f"A message of {length} bytes is announced; {self._limit} are allowed.")
        return length

"""Prints the names of all packages of an index: a program of its own, that needs the standard library alone.

The agent starts it, gives addresses of indexes on its standard input and reads one normalized name a line. An index's
list is long (hundreds of thousands of names), so it is read piece by piece and never held as a whole. Ends with 1 and a
sentence on its standard error when no index has a list.
"""

import base64
import re
import sys
import zlib
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, build_opener

READ_SEC: Final = 30.0
PIECE: Final = 1 << 16
MAX_TEXT: Final = 512 << 20
"""Bytes of a list, unpacked."""
MAX_TAIL: Final = 4096
"""Bytes kept of what may be the beginning of a name: an entry of HTML has attributes before it."""
ACCEPT: Final = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"

JSON_NAME: Final = re.compile(rb'"name"\s*:\s*"([^"\\]{1,200})"')
HTML_NAME: Final = re.compile(rb"<a\b[^>]*>\s*([^<\s]{1,200})\s*</a\s*>", re.IGNORECASE)
NAME: Final = re.compile(rb"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?\Z")


class Readable(Protocol):
    """What an answer is read from."""

    def read(self, amount: int, /) -> bytes: ...


def pieces(source: Readable, encoding: str) -> Iterator[bytes]:
    """The text of an answer, unpacked, piece by piece. Raises ``ValueError`` when it is too long or damaged."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in {"gzip", "x-gzip", "deflate"} else None
    left = MAX_TEXT
    while packed := source.read(PIECE):
        while packed:
            if unpack is None:
                text, packed = packed, b""
            else:
                try:
                    text = unpack.decompress(packed, PIECE)
                except zlib.error as error:
                    raise ValueError("its list is damaged") from error
                packed = unpack.unconsumed_tail
            left -= len(text)
            if left < 0:
                raise ValueError("its list is too long")
            yield text
    if unpack is not None and not unpack.eof:
        raise ValueError("its list was cut off")


def names(texts: Iterator[bytes], pattern: re.Pattern[bytes]) -> Iterator[bytes]:
    """The normalized names in a list, in its order."""
    rest = b""
    for text in texts:
        rest += text
        end = 0
        for found in pattern.finditer(rest):
            end = found.end()
            name = re.sub(rb"[-_.]+", b"-", found[1]).lower()
            if NAME.match(name):
                yield name
        rest = rest[max(end, len(rest) - MAX_TAIL) :]


def request_for(index: str) -> Request:
    """Asks for the list of an index. Name and password in its address become a header that no redirection carries on."""
    parts = urlsplit(index)
    host = parts.netloc.rpartition("@")[2]
    address = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/", parts.query, ""))
    request = Request(address)  # noqa: S310 - only web addresses come here
    request.add_header("Accept", ACCEPT)
    request.add_header("Accept-Encoding", "gzip")
    request.add_header("User-Agent", "aimforge")
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(secret).decode()}")
    return request


def list_index(index: str) -> Iterator[bytes]:
    """The names in an index. Raises ``OSError``, ``ValueError`` and ``HTTPException`` when it cannot be read."""
    if not index.startswith(("https://", "http://")):
        raise ValueError("it is no web address")
    with build_opener().open(request_for(index), timeout=READ_SEC) as answer:
        pattern = JSON_NAME if "json" in answer.headers.get_content_type() else HTML_NAME
        yield from names(pieces(answer, answer.headers.get("Content-Encoding", "").lower()), pattern)
        if answer.length:
            raise ValueError("its list was cut off")


def reason(error: Exception) -> str:
    """Why an index could not be read, for people. Its address is not told: it may hold a password."""
    if isinstance(error, HTTPError):
        return f"it answered with {error.code}"
    if isinstance(error, URLError):
        return str(error.reason)
    return str(error) or type(error).__name__


def main() -> int:
    """List every index that is named on the standard input."""
    written, whole, why = 0, True, "it names no package"
    for index in sys.stdin.read().split():
        before = written
        try:
            for name in list_index(index):
                sys.stdout.buffer.write(name + b"\n")
                written += 1
        except (OSError, ValueError, HTTPException) as error:
            # Another index may have its list; a part of one would be taken for the whole.
            why, whole = reason(error), whole and written == before
    sys.stdout.flush()
    if written and whole:
        return 0
    sys.stderr.write(f"The list of the package index cannot be read: {why}.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

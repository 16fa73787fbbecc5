"""What the egress proxy refused, and to which program: many programs show no more of a refusal than its number."""

from pathlib import Path
from typing import Final

HEADER: Final = b"\r\nX-Aimforge-Egress: "
MAX_SENTENCE: Final = 400
LOOPBACK: Final = "0100007F"
"""127.0.0.1 as the kernel's tables write it."""


def refusal_in(answer: bytes) -> str:
    """The sentence of a refusal, in what the proxy said first; empty when it refused nothing."""
    if not answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")):
        return ""
    head = answer.partition(b"\r\n\r\n")[0]
    sentence = head.partition(HEADER)[2].partition(b"\r\n")[0][:MAX_SENTENCE].decode("ascii", "replace")
    return "".join(character for character in sentence if character.isprintable())


def socket_inode(port: int, listening: int, table: Path = Path("/proc/net/tcp")) -> int:
    """The inode of the socket that connected from ``port`` to ``listening``, both on 127.0.0.1; 0 when it has gone."""
    here, there = f"{LOOPBACK}:{port:04X}", f"{LOOPBACK}:{listening:04X}"
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return 0
    for fields in map(str.split, lines):
        if fields[1:3] == [here, there]:
            return int(fields[9])
    return 0

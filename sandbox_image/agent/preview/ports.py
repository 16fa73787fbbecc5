"""Which loopback ports something listens on in this sandbox, and what it is. Read from ``/proc``."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sandbox_image.wire.agent import ListeningPort

_LISTEN: Final = "0A"
_REACHED: Final = frozenset({"00000000", "0" * 32})
"""Any address, of either family: a preview, which asks 127.0.0.1, reaches these, and those that begin as below."""
_SOCKET: Final = re.compile(r"socket:\[(\d+)\]")
MAX_PROGRAM: Final = 200
MAX_PORTS: Final = 200


def listening_ports(refused: frozenset[int] = frozenset(), proc: Path = Path("/proc")) -> list[ListeningPort]:
    """The ports that a preview can show, except ``refused`` ones, lowest first. For a thread: it looks at all processes."""
    ports = {port: inode for port, inode in _listening(proc) if port not in refused}
    owners = _owners(proc, frozenset(ports.values())) if ports else {}
    return [
        ListeningPort(port=port, program=owners.get(inode, "")) for port, inode in sorted(ports.items())[:MAX_PORTS]
    ]


def _listening(proc: Path) -> Iterator[tuple[int, str]]:
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                address, _, port = fields[1].partition(":")
                # The kernel writes an IPv4 address as one little-endian number: 127.x.x.x ends in 7F.
                if fields[3] == _LISTEN and (address in _REACHED or (len(address) == 8 and address.endswith("7F"))):
                    yield int(port, 16), fields[9]


def _owners(proc: Path, inodes: frozenset[str]) -> dict[str, str]:
    """The command line of a process that holds each socket. Processes that end meanwhile are passed over."""
    found: dict[str, str] = {}
    for process in proc.iterdir():
        if not process.name.isdecimal():
            continue
        with suppress(FileNotFoundError, PermissionError, ProcessLookupError):
            for descriptor in (process / "fd").iterdir():
                with suppress(FileNotFoundError):
                    held = _SOCKET.fullmatch(str(descriptor.readlink()))
                    if held and held[1] in inodes and held[1] not in found:
                        found[held[1]] = _program(process)
    return found


def _program(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    words[0] = words[0].rpartition("/")[2]
    return " ".join(word for word in words if word)[:MAX_PROGRAM]

"""Which ports something listens on."""

import socket
import sys
from pathlib import Path

from sandbox_image.agent.preview.ports import listening_ports
from sandbox_image.wire.agent import ListeningPort

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(address: str, port: int, state: str, inode: int) -> str:
    return f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  0  0 {inode} 1\n"


def test_a_server_of_this_process_is_found_by_its_name():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (found,) = [one for one in listening_ports() if one.port == port]
        assert Path(sys.executable).name.rstrip("0123456789.") in found.program
        assert not [one for one in listening_ports(frozenset({port})) if one.port == port]
    assert not [one for one in listening_ports() if one.port == port]


def test_what_a_preview_cannot_reach_is_left_out(tmp_path: Path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(
        HEAD
        + row("0100007F", 8001, "0A", 1)
        + row("00000000", 8000, "0A", 2)
        + row("0100007F", 8002, "01", 3)
        + row("0200A8C0", 8003, "0A", 4)
    )
    (tmp_path / "net/tcp6").write_text(HEAD + row("0" * 32, 8004, "0A", 5) + row("0" * 24 + "01000000", 8005, "0A", 6))
    process = tmp_path / "12"
    (process / "fd").mkdir(parents=True)
    (process / "fd/3").symlink_to("socket:[2]")
    (process / "cmdline").write_bytes(b"/usr/bin/python3\0-m\0http.server\0")
    assert listening_ports(proc=tmp_path) == [
        ListeningPort(port=8000, program="python3 -m http.server"),
        ListeningPort(port=8001, program=""),
        ListeningPort(port=8004, program=""),
    ]

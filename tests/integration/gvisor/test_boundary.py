"""What keeps code from the agent under gVisor, whose ``/proc`` shows more of other processes than the usual kernel's."""

import pytest

from tests.security.deployment import Deployment

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

REACH = """
import ctypes, os, socket

def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return error.strerror
    return "done"

def by_path(path):
    held = os.open(path, os.O_PATH)
    try:
        socket.socket(fileno=os.dup(held)).getsockname()
    finally:
        os.close(held)

def ways(pid, number):
    path = f"/proc/{pid}/fd/{number}"
    return {
        "read": outcome(lambda: os.open(path, os.O_RDONLY | os.O_NONBLOCK)),
        "write": outcome(lambda: os.open(path, os.O_WRONLY | os.O_NONBLOCK)),
        "held": outcome(lambda: by_path(path)),
        "dialled": outcome(lambda: socket.socket(socket.AF_UNIX).connect(path)),
    }

def memory(pid):
    with open(f"/proc/{pid}/maps") as maps:
        start = int(maps.readline().partition("-")[0], 16)
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(start)
        memory.read(4)

def main():
    libc = ctypes.CDLL(None, use_errno=True)
    links = {number: os.readlink(f"/proc/1/fd/{number}") for number in os.listdir("/proc/1/fd")}
    files = {link for link in links.values() if link.startswith("/")}
    sockets = {link: ways(1, number) for number, link in links.items() if link.startswith("socket:")}
    read, write = os.pipe()
    with open("/proc/1/environ", "rb") as environment:
        names = [each.partition(b"=")[0].decode() for each in environment.read().split(b"\\0") if each]
    return {
        "files": sorted(files), "sockets": sockets, "own": outcome(lambda: os.open(f"/proc/self/fd/{read}", os.O_RDONLY)),
        "traced": libc.ptrace(16, 1, 0, 0), "memory": outcome(lambda: memory(1)), "own memory": outcome(lambda: memory("self")),
        "names": names, "taken": libc.syscall(438, 1, 3, 0),
    }
"""


def test_the_agent_cannot_be_traced_nor_read_and_its_sockets_cannot_be_taken(server: Deployment, project: str):
    found = server.probe(project, REACH)
    assert found["own"] == found["own memory"] == "done"
    assert found["memory"] != "done"
    assert (found["traced"], found["taken"]) == (-1, -1)
    assert found["sockets"]
    for link, ways in found["sockets"].items():
        assert "done" not in ways.values(), link
    # What it holds open of files is code's anyway; its pipes and its log can be written.
    assert set(found["files"]) <= {"/workspace", "/dev/null"}
    assert "LANG" in found["names"]
    assert not [name for name in found["names"] if "TOKEN" in name or "SECRET" in name]
    assert server.works(project)

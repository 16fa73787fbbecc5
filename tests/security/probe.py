"""Runs inside a sandbox, as a node, and tries what must not work; in a privileged container it shows that all of it can.

Standard library only, and nothing of ours: its text is the node's source.
"""

import ctypes
import errno
import os
import platform
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
    "x86_64": {"mount": 165, "unshare": 272, "keyctl": 250, "ptrace": 101, "bpf": 321, "setns": 308, "chroot": 161,
               "pivot_root": 155, "swapon": 167, "reboot": 169, "init_module": 175, "perf_event_open": 298,
               "open_by_handle_at": 304, "settimeofday": 164, "add_key": 248, "userfaultfd": 323, "mknod": 133,
               "kexec_load": 246, "pidfd_open": 434, "pidfd_getfd": 438, "process_vm_readv": 310, "getpid": 39},
    "aarch64": {"mount": 40, "unshare": 97, "keyctl": 219, "ptrace": 117, "bpf": 280, "setns": 268, "chroot": 51,
                "pivot_root": 41, "swapon": 224, "reboot": 142, "init_module": 105, "perf_event_open": 241,
                "open_by_handle_at": 265, "settimeofday": 170, "add_key": 217, "userfaultfd": 282, "mknodat": 33,
                "kexec_load": 104, "pidfd_open": 434, "pidfd_getfd": 438, "process_vm_readv": 270, "getpid": 172},
}[platform.machine()]  # fmt: skip
NEW_NAMESPACES = {"mount": 0x20000, "user": 0x10000000, "net": 0x40000000, "pid": 0x20000000}


def attempt(action: Callable[[], Any]) -> str:
    """Do it; return ``done`` or the name of the error."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "done"


def syscall(name: str, *arguments: Any) -> Any:
    """Call the kernel. Raises ``OSError``."""
    result = LIBC.syscall(
        ctypes.c_long(NUMBERS[name]), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    )
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def apart(action: Callable[[], Any]) -> str:
    """Do it in a process of its own, so that a success changes nothing here."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, attempt(action).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(write)
    outcome = os.read(read, 100).decode()
    os.close(read)
    os.waitpid(child, 0)
    return outcome


def calls() -> dict[str, str]:
    """Calls that take or need a right that nobody here has, and one that anybody has."""
    none = ctypes.c_void_p(None)
    tried: dict[str, Callable[[], Any]] = {
        "mount": lambda: syscall("mount", b"none", b"/tmp", b"tmpfs", 0, none),
        "bind": lambda: syscall("mount", b"/etc", b"/tmp", none, 4096, none),
        "remount": lambda: syscall("mount", b"none", b"/", none, 32 | 4096, none),
        "chroot": lambda: syscall("chroot", b"/tmp"),
        "keyctl": lambda: syscall("keyctl", 0, -3, 1),
        "add_key": lambda: syscall("add_key", b"user", b"probe", b"x", 1, -3),
        "bpf": lambda: syscall("bpf", 0, (ctypes.c_uint32 * 16)(2, 4, 4, 1), 64),
        "device": lambda: os.mknod("/tmp/probe-device", 0o20600, os.makedev(1, 1)),
        "set_id": lambda: os.setuid(0),
        "group": lambda: os.setgroups([0]),
        "nice": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        "raw_socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(),
        "packet_socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 768).close(),
        "hostname": lambda: socket.sethostname("probe"),
        "getpid": lambda: syscall("getpid"),
    }
    outcomes = {name: apart(action) for name, action in tried.items()}
    for name, flag in NEW_NAMESPACES.items():
        outcomes[f"unshare_{name}"] = apart(lambda flag=flag: syscall("unshare", flag))
    return outcomes


def first_process() -> dict[str, str]:
    """What a process of the same user might do to the agent, and can do to a child of its own."""

    def vm_read(pid: int) -> None:
        here = (ctypes.c_char * 8)()
        vector = (ctypes.c_size_t * 2)(ctypes.addressof(here), 8)
        syscall("process_vm_readv", pid, vector, 1, vector, 1, 0)

    def outcomes(pid: int, prefix: str) -> dict[str, str]:
        return {
            f"{prefix}trace": apart(lambda: syscall("ptrace", 16, pid, 0, 0)),
            f"{prefix}environment": attempt(lambda: Path(f"/proc/{pid}/environ").read_bytes()),
            f"{prefix}memory": attempt(lambda: Path(f"/proc/{pid}/mem").open("rb").close()),
            f"{prefix}descriptors": attempt(lambda: next(Path(f"/proc/{pid}/fd").iterdir())),
            f"{prefix}root": attempt(lambda: next(Path(f"/proc/{pid}/root").iterdir())),
        }

    child = subprocess.Popen(["sleep", "600"])
    try:
        return {"agent_read": attempt(lambda: vm_read(1))} | outcomes(1, "agent_") | outcomes(child.pid, "child_")
    finally:
        child.kill()
        child.wait()


def connects(targets: list[list[Any]]) -> list[str]:
    """Try to connect to each address, given as ``[family, address…]``."""

    def connect(family: int, *address: Any) -> None:
        with socket.socket(family) as client:
            client.settimeout(5)
            client.connect(address[0] if family == socket.AF_UNIX else address)

    return [attempt(lambda target=target: connect(*target)) for target in targets]


def loopback() -> str:
    """A connection within: what shows that sockets as such work."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return connects([[int(socket.AF_INET), *server.getsockname()]])[0]


def writes() -> dict[str, str]:
    """Try to create a file in each folder, and to change what the image holds."""

    def create(path: str) -> Callable[[], Any]:
        return lambda: (Path(path).write_text("x"), Path(path).unlink())

    folders = ("/workspace", "/tmp", "/dev/shm", "/", "/etc", "/usr/bin", "/opt/aimforge", "/run/aimforge", "/run",
               "/var/tmp", "/sys/fs/cgroup", "/proc/sys/kernel", "/dev")  # fmt: skip
    outcomes = {folder: attempt(create(f"{folder}/probe")) for folder in folders}
    changes: dict[str, Callable[[], Any]] = {
        "change /etc/passwd": lambda: Path("/etc/passwd").write_text("root::0:0::/:/bin/sh\n"),
        "replace the egress socket": lambda: (
            Path("/run/aimforge/egress.sock").unlink(),
            Path("/run/aimforge/egress.sock").symlink_to("/etc/shadow"),
        ),
        "change the agent": lambda: Path("/opt/aimforge/agent/sandbox_image/agent/app.py").chmod(0o777),
        "set core_pattern": lambda: Path("/proc/sys/kernel/core_pattern").write_text("|/tmp/x"),
        "trigger sysrq": lambda: Path("/proc/sysrq-trigger").write_text("x"),
    }
    return outcomes | {name: attempt(action) for name, action in changes.items() if os.getuid()}


def raised(user: int | None) -> list[list[int]]:
    """Start every program that claims a right of its owner; return the effective ids that they ran with."""
    found = subprocess.run(
        ["find", "/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/sbin", "-xdev", "-type", "f", "-perm", "/6000"],
        capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    ids: list[list[int]] = []
    for program in sorted(set(found)):
        with subprocess.Popen(
            [program],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            group=user,
        ) as started:
            status = Path(f"/proc/{started.pid}/status").read_text()  # a zombie still has one
            started.kill()
        ids.append([int(re.search(rf"^{kind}:\s+\d+\s+(\d+)", status, re.M)[1]) for kind in ("Uid", "Gid")])  # type: ignore[index]
    return ids


def masked() -> dict[str, int]:
    """Bytes that can be read of what tells about the whole machine."""

    def size(path: str) -> int:
        try:
            with Path(path).open("rb") as file:
                return len(file.read(16))
        except OSError:
            return 0

    return {path: size(path) for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug")}


def status() -> dict[str, str]:
    """The kernel's word on this process."""
    wanted = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups"}
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text().splitlines())
    return {name: value.strip() for name, _, value in lines if name in wanted}


def main(input_data: Any) -> dict[str, Any]:
    """Try everything; ``input_data`` holds the ``targets`` to connect to and host ``paths`` to look for."""
    return {
        "status": status(),
        "interfaces": [name.name for name in Path("/sys/class/net").iterdir()],
        "routes": Path("/proc/net/route").read_text().splitlines()[1:],
        "loopback": loopback(),
        "connects": connects(input_data["targets"]),
        "paths": [path for path in input_data["paths"] if os.path.lexists(path)],
        "run_folder": sorted(entry.name for entry in Path("/run/aimforge").iterdir()),
        "processes": sorted(
            Path(f"/proc/{pid}/comm").read_text().strip()
            for pid in map(str, range(1, 32768))
            if Path(f"/proc/{pid}/comm").exists()
        ),
        "calls": calls(),
        "first_process": first_process() if os.getuid() else {},
        "writes": writes(),
        "raised": raised(None if os.getuid() else 65534),
        "masked": masked(),
        "python": sys.version,
    }

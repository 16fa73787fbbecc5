"""What a running sandbox can and cannot do, seen by the engine and from inside."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.handover import Sockets
from control_plane.ports import AgentAddress
from tests.integration.engine.sandbox import MIB, UID, run_inside, spec

pytestmark = pytest.mark.engine

PROBE = """
import json, os, resource, socket, subprocess
def attempt(action):
    try:
        action()
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)
    return "done"
def write(path):
    def action():
        with open(path, "w") as file:
            file.write("x")
    return action
def connect(family, address):
    def action():
        with socket.socket(family) as client:
            client.settimeout(5)
            client.connect(address)
    return action
def loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 5).close()
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "ids": [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()],
    "name": subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip(),
    "capabilities": [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no_new_privs": status["NoNewPrivs"], "seccomp": status["Seccomp"],
    "interfaces": os.listdir("/sys/class/net"),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE)[1], "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
    "process_1": open("/proc/1/cmdline").read().split("\\0")[:4],
    "writes": {path: attempt(write(path)) for path in (
        "/workspace/probe", "/tmp/probe", "/dev/shm/probe", "/opt/aimforge/probe", "/etc/probe", "/etc/passwd",
        "/run/aimforge/probe", "/usr/probe", "/sys/fs/cgroup/probe", "/proc/sys/kernel/hostname")},
    "loopback": attempt(loopback),
    "network": attempt(connect(socket.AF_INET, ("10.255.255.1", 80))),
    "network_6": attempt(connect(socket.AF_INET6, ("2001:db8::1", 80))),
    "new_namespace": subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode,
    "no_namespace": subprocess.run(["true"]).returncode,
    "swap_bootstrap": attempt(lambda: os.symlink("/etc/passwd", "/run/aimforge/bootstrap.sock")),
    "remove_passwd": attempt(lambda: os.unlink("/run/aimforge/passwd")),
    "engine_socket": os.path.exists("/var/run/docker.sock"),
    "run_dir": sorted(os.listdir("/run/aimforge")),
}))
"""


@pytest.fixture
async def probed(runtime: DockerRuntime) -> dict[str, Any]:
    container = await runtime.start(spec())
    return await run_inside(container.id, PROBE)


async def test_from_inside(probed: dict[str, Any]) -> None:
    assert probed["ids"] == [UID, UID, UID, [UID]]
    assert probed["name"] == "user"
    assert set(probed["capabilities"]) == {"0" * 16}
    assert (probed["no_new_privs"], probed["seccomp"]) == ("1", "2")
    assert probed["interfaces"] == ["lo"]
    assert (probed["files"], probed["core"]) == (512, 0)
    assert probed["process_1"][1:] == ["-I", "-m", "sandbox_image.agent"]
    written = {path for path, outcome in probed["writes"].items() if outcome == "done"}
    assert written == {"/workspace/probe", "/tmp/probe", "/dev/shm/probe"}
    assert probed["writes"]["/run/aimforge/probe"] == "Read-only file system"
    assert probed["loopback"] == "done"
    assert probed["network"] == "Network is unreachable"
    assert probed["network_6"] in ("Network is unreachable", "Address family not supported by protocol")
    assert probed["no_namespace"] == 0
    assert probed["new_namespace"] != 0
    assert probed["swap_bootstrap"] == probed["remove_passwd"] == "Read-only file system"
    assert not probed["engine_socket"]
    assert probed["run_dir"] == ["egress.sock", "gate", "group", "passwd"]


async def test_from_outside(runtime: DockerRuntime, engine: Engine) -> None:
    container = await runtime.start(spec())
    inspected = await engine.call("GET", f"containers/{container.id}/json")
    host = inspected["HostConfig"]

    assert not host["Privileged"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["ReadonlyRootfs"]
    assert host["NetworkMode"] == "none"
    assert (host["Memory"], host["MemorySwap"]) == (256 * MIB, 256 * MIB)
    assert (host["PidsLimit"], host["NanoCpus"]) == (64, 10**9)
    assert host["PidMode"] == host["UTSMode"] == ""
    assert inspected["Config"]["User"] == f"{UID}:{UID}"
    assert [mount["Destination"] for mount in inspected["Mounts"] if mount["RW"]] == ["/workspace"]


async def test_two_sandboxes_share_nothing(runtime: DockerRuntime) -> None:
    first = await runtime.start(spec("prices"))
    second = await runtime.start(spec("rates", uid=UID + 1))
    for path in ("/workspace/mine", "/tmp/mine", "/dev/shm/mine"):
        program = f'open("{path}", "w").close(); print("true")'
        assert await run_inside(first.id, program)

    found = (
        'import json, os; print(json.dumps([os.path.exists(d + "/mine") for d in ("/workspace", "/tmp", "/dev/shm")]))'
    )
    assert await run_inside(first.id, found) == [True, True, True]
    assert await run_inside(second.id, found) == [False, False, False]


async def test_kill_all_does_not_reach_the_agent(runtime: DockerRuntime) -> None:
    container = await runtime.start(spec())
    program = """
import json, os, signal, subprocess
victim = subprocess.Popen(["sleep", "1000"])
os.kill(-1, signal.SIGKILL)
print(json.dumps(victim.wait()))
"""
    assert await run_inside(container.id, program) == -9
    found = await runtime.inspect(container.id)
    assert found is not None
    assert found.exit_code is None


async def test_a_workspace_outlives_its_containers(runtime: DockerRuntime) -> None:
    first = await runtime.start(spec(generation=1))
    await run_inside(first.id, 'open("/workspace/data", "w").write("kept"); print("true")')
    second = await runtime.start(spec(generation=2))

    assert await run_inside(second.id, 'import json; print(json.dumps(open("/workspace/data").read()))') == "kept"


async def test_there_is_a_home_that_is_not_the_project_itself(runtime: DockerRuntime, sockets: Sockets) -> None:
    container = await runtime.start(spec())
    async with asyncio.timeout(60):  # the agent makes it after it took its socket, before it answers
        address = AgentAddress(project_id=container.project_id, generation=container.generation)
        reader, writer = await asyncio.open_unix_connection(sockets.agent_path(address))
        writer.write(b"GET /health HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")
        writer.close()
    program = """
import json, os, pathlib
home = pathlib.Path.home()
(home / "note").write_text("x")
print(json.dumps([str(home), os.stat(home).st_uid, oct(os.stat(home).st_mode & 0o777)]))
"""
    assert await run_inside(container.id, program) == ["/workspace/.aimforge/home", UID, "0o700"]


async def test_no_secret_of_the_control_plane_is_inside(runtime: DockerRuntime, engine: Engine, tmp_path: Path) -> None:
    container = await runtime.start(spec())
    inspected = await engine.call("GET", f"containers/{container.id}/json")

    secret = (tmp_path / "secret").read_bytes()
    assert len(secret) == 32
    assert secret.hex() not in str(inspected)
    sources = {mount["Source"] for mount in inspected["Mounts"]}
    assert str(tmp_path) not in sources
    assert not any("docker.sock" in source for source in sources)

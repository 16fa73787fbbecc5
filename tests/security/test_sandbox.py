"""What code in a sandbox can reach: its own workspace. Each refusal stands beside the same attempt where it succeeds."""

import json
import os
import socket
import uuid
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.security.conftest import Neighbours
from tests.security.deployment import Deployment, docker

pytestmark = pytest.mark.engine

PROBE = Path(__file__).with_name("probe.py").read_text()
METADATA = "169.254.169.254"
UNREACHABLE = {"ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EINVAL", "ENODEV", "EAFNOSUPPORT", "ECONNREFUSED"}
NOWHERE = {"EROFS", "EACCES", "EPERM", "ENOENT", "EBUSY"}
REFUSED = {"EPERM", "EACCES", "ENOSYS", "EROFS", "EINVAL"}
STAND_IN = """
import fcntl, json, socket, struct
with socket.socket() as control:
    def interface(name, kind, value):
        fcntl.ioctl(control, kind, struct.pack("16sH14s", name, socket.AF_INET, value))
    interface(b"lo:1", 0x8916, struct.pack("H4s8x", 0, socket.inet_aton("169.254.169.254")))
server = socket.create_server(("169.254.169.254", 80))
print(json.dumps(main({"targets": [[2, "169.254.169.254", 80]], "paths": ["/opt"]})))
"""


@pytest.fixture(scope="module")
def unconfined(image: str) -> dict[str, Any]:
    """The same attempts in a container of the same image that nothing confines, and that carries the metadata address."""
    program = f"{PROBE}\n{STAND_IN}"
    rights = ("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN")
    open_doors = ("--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined")
    command = ("run", "--rm", "--interactive", *rights, *open_doors, "--user", "0", "--network", "none")
    return json.loads(docker(*command, image, "/opt/aimforge/venv/bin/python", "-I", "-", data=program.encode()))


def own_addresses() -> list[tuple[Any, ...]]:
    """Addresses of this machine, each as a family and an address to bind, link-local ones with their scope."""
    gateways = json.loads(docker("network", "inspect", "bridge"))[0]["IPAM"]["Config"]
    found: list[tuple[Any, ...]] = [(socket.AF_INET, "127.0.0.1", 0)]
    found += [(socket.AF_INET, each["Gateway"], 0) for each in gateways if "." in each.get("Gateway", "")]
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else []:
        digits, index, *_ = line.split()
        address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
        if address.startswith("fe80") or address == "::1":
            found.append((socket.AF_INET6, address, 0, 0, int(index, 16) if address != "::1" else 0))
    return found


@pytest.fixture(scope="module")
def host_targets() -> Generator[list[list[Any]]]:
    """Servers on this machine's own addresses, and one with an abstract name."""
    with ExitStack() as stack:
        targets: list[list[Any]] = []
        for family, *address in own_addresses():
            server = stack.enter_context(socket.socket(family))
            server.bind(tuple(address))
            server.listen()
            targets.append([int(family), *server.getsockname()])
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind("\0" + uuid.uuid4().hex)
        abstract.listen()
        yield [*targets, [int(socket.AF_UNIX), "\0" + abstract.getsockname()[1:].decode()]]


@pytest.fixture(scope="module")
def host_paths(server: Deployment, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files that are there on this machine."""
    mine = tmp_path_factory.mktemp("host") / uuid.uuid4().hex
    mine.touch()
    engine = next(path for path in ("/var/run/docker.sock", "/run/docker.sock") if Path(path).exists())
    return [str(mine), str(server.data / "secret"), str(server.data / "aimforge.db"), engine, str(Path(__file__))]


@pytest.fixture(scope="module")
def confined(
    server: Deployment, neighbours: Neighbours, host_targets: list[list[Any]], host_paths: list[str]
) -> dict[str, Any]:
    """What the probe finds in a sandbox. The last target is the metadata address."""
    everywhere = [*host_targets, [int(socket.AF_INET), METADATA, 80], [int(socket.AF_INET), "10.255.255.1", 80]]
    node_id = server.node(neighbours.mine, PROBE)
    wanted = {"project_id": neighbours.mine, "node_id": node_id, "use_cache": False, "timeout_sec": 60}
    ran = server.call(
        "POST", "/api/code/execute-node", json=wanted | {"input_data": {"targets": everywhere, "paths": host_paths}}
    )
    assert ran["status"] == "succeeded", ran
    return ran["output"]["mime"]["application/json"]


def test_no_network_but_loopback(confined: dict[str, Any], unconfined: dict[str, Any], host_targets: list[list[Any]]):
    for family, *address in host_targets:
        with socket.socket(family) as client:
            client.settimeout(60)
            client.connect(address[0] if family == socket.AF_UNIX else tuple(address))
    assert unconfined["connects"] == ["done"]
    assert confined["loopback"] == unconfined["loopback"] == "done"

    assert confined["interfaces"] == ["lo"]
    assert confined["routes"] == []
    assert len(confined["connects"]) == len(host_targets) + 2
    assert set(confined["connects"]) <= UNREACHABLE
    assert "ECONNREFUSED" not in confined["connects"][-2:]


def test_nothing_of_the_host_is_there(confined: dict[str, Any], unconfined: dict[str, Any], host_paths: list[str]):
    assert all(os.path.lexists(path) for path in host_paths)
    assert unconfined["paths"] == ["/opt"]
    assert confined["paths"] == []
    assert {"passwd", "group"} <= set(confined["run_folder"])
    assert "bootstrap.sock" not in confined["run_folder"], "another could ask for the agent's socket"
    assert len(confined["processes"]) < 40
    assert not {"dockerd", "containerd", "systemd"} & set(confined["processes"])
    assert set(confined["masked"].values()) == {0}
    assert any(unconfined["masked"].values())


def test_no_right_beyond_a_users(confined: dict[str, Any], unconfined: dict[str, Any]):
    state = confined["status"]
    assert {state[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (state["NoNewPrivs"], state["Seccomp"]) == ("1", "2")
    assert "0" not in state["Uid"].split() + state["Gid"].split() + state["Groups"].split()
    assert int(unconfined["status"]["CapEff"], 16)

    assert confined["calls"].pop("getpid") == "done"
    assert set(confined["calls"].values()) <= REFUSED, confined["calls"]
    allowed = {name for name, outcome in unconfined["calls"].items() if outcome == "done"}
    assert {"mount", "chroot", "keyctl", "bpf", "device", "set_id", "raw_socket", "unshare_net"} <= allowed


def test_a_program_that_claims_rights_gets_none(confined: dict[str, Any], unconfined: dict[str, Any]):
    uid = int(confined["status"]["Uid"].split()[0])
    assert len(confined["raised"]) == len(unconfined["raised"])
    assert any(0 in ids for ids in unconfined["raised"])
    assert all(ids == [uid, uid] for ids in confined["raised"])


def test_the_agent_cannot_be_traced_nor_read(confined: dict[str, Any]):
    tried = confined["first_process"]
    assert {outcome for name, outcome in tried.items() if name.startswith("agent_")} <= {"EPERM", "EACCES"}, tried
    assert {outcome for name, outcome in tried.items() if name.startswith("child_")} == {"done"}, tried


def test_only_the_workspace_can_be_written(confined: dict[str, Any], unconfined: dict[str, Any]):
    written = {place for place, outcome in confined["writes"].items() if outcome == "done"}
    assert written == {"/workspace", "/tmp", "/dev/shm"}
    assert {outcome for outcome in confined["writes"].values() if outcome != "done"} <= NOWHERE, confined["writes"]
    assert {"/etc", "/opt/aimforge", "/usr/bin"} <= {
        place for place, outcome in unconfined["writes"].items() if outcome == "done"
    }


def test_every_container_is_hardened(server: Deployment, neighbours: Neighbours):
    for project in (neighbours.mine, neighbours.other):
        server.call("POST", f"/api/project/{project}/sandbox/start?wait=true")
    containers = [server.inspect(container) for container in server.containers()]
    assert len(containers) >= 2
    users: set[str] = set()
    for found in containers:
        host, uid = found["HostConfig"], found["Config"]["User"].partition(":")[0]
        assert not host["Privileged"]
        assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None)
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["ReadonlyRootfs"]
        assert (host["NetworkMode"], host["PortBindings"] or {}) == ("none", {})
        assert set(found["NetworkSettings"]["Networks"]) <= {"none"}
        assert (host["PidMode"], host["UTSMode"], host["IpcMode"], host["UsernsMode"]) == ("", "", "private", "")
        assert host["Memory"] == host["MemorySwap"] > 0
        assert host["PidsLimit"] > 0
        assert host["NanoCpus"] > 0
        assert not host["Devices"]
        assert not host["VolumesFrom"]
        assert host["LogConfig"]["Config"]["max-size"]
        writable = [mount for mount in found["Mounts"] if mount["RW"]]
        assert [mount["Destination"] for mount in writable] == ["/workspace"]
        assert not any("docker.sock" in mount["Source"] for mount in found["Mounts"])
        assert int(uid) >= 1000
        users.add(uid)
    assert len(users) == len({found["Config"]["Labels"]["org.aimforge.project"] for found in containers})
    assert {neighbours.mine, neighbours.other} <= {
        found["Config"]["Labels"]["org.aimforge.project"] for found in containers
    }

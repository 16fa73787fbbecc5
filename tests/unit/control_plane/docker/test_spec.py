"""All hardening in one table: what the engine is told of every sandbox."""

from collections.abc import Mapping
from typing import Any

import pytest

from control_plane.adapters.docker.spec import GVISOR_THREADS, ContainerSettings, changeable_limits, container_config
from control_plane.domain.errors import Invalid
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec

GIB = 1024**3
MIB = 1024**2
SETTINGS = ContainerSettings(deployment="school", image="sandbox:1")


def spec(**changes: Any) -> SandboxSpec:
    fields: dict[str, Any] = {
        "project_id": "prices",
        "project_name": "Prices",
        "generation": 7,
        "uid": 200_001,
        "limits": Limits(memory=GIB, cpus=1.5, pids=128, open_files=2048, shm=64 * MIB, tmp=32 * MIB),
        "template": "welcome",
    }
    return SandboxSpec(**(fields | changes))


def config(settings: ContainerSettings = SETTINGS, **changes: Any) -> dict[str, Any]:
    return container_config(spec(**changes), settings, "/data/run/x/sandbox", "aimforge-school-prices")


def at(value: Mapping[str, Any], path: str) -> Any:
    for key in path.split("."):
        value = value[key]
    return value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Image", "sandbox:1"),
        ("User", "200001:200001"),
        ("NetworkDisabled", True),
        ("HostConfig.NetworkMode", "none"),
        ("HostConfig.ReadonlyRootfs", True),
        ("HostConfig.Privileged", False),
        ("HostConfig.CapDrop", ["ALL"]),
        ("HostConfig.SecurityOpt", ["no-new-privileges"]),
        ("HostConfig.IpcMode", "private"),
        ("HostConfig.Init", False),
        ("HostConfig.RestartPolicy", {"Name": "no"}),
        ("HostConfig.Memory", GIB),
        ("HostConfig.MemorySwap", GIB),
        ("HostConfig.NanoCpus", 1_500_000_000),
        ("HostConfig.PidsLimit", 128),
        ("HostConfig.ShmSize", 64 * MIB),
        ("HostConfig.Tmpfs", {"/tmp": f"rw,nosuid,nodev,size={32 * MIB},mode=1777"}),
        ("HostConfig.OomScoreAdj", 500),
        (
            "HostConfig.Ulimits",
            [{"Name": "nofile", "Soft": 2048, "Hard": 2048}, {"Name": "core", "Soft": 0, "Hard": 0}],
        ),
        ("HostConfig.LogConfig", {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}}),
        (
            "Labels",
            {"org.aimforge.deployment": "school", "org.aimforge.project": "prices", "org.aimforge.generation": "7"},
        ),
    ],
)
def test_what_the_engine_is_told(path: str, expected: object) -> None:
    assert at(config(), path) == expected


def test_nothing_that_gives_power_is_ever_set() -> None:
    host = config()["HostConfig"]
    assert host.keys().isdisjoint(
        {
            "CapAdd",
            "Devices",
            "DeviceRequests",
            "Binds",
            "VolumesFrom",
            "PidMode",
            "UsernsMode",
            "CgroupParent",
            "Links",
        }
    )
    assert not any("unconfined" in option for option in host["SecurityOpt"])


def test_only_the_workspace_can_be_written() -> None:
    mounts = config()["HostConfig"]["Mounts"]
    assert {mount["Target"] for mount in mounts if not mount.get("ReadOnly")} == {"/workspace"}
    assert {mount["Source"] for mount in mounts if mount["Type"] == "bind"} == {
        "/data/run/x/sandbox",
        "/data/run/x/sandbox/passwd",
        "/data/run/x/sandbox/group",
    }


def test_a_workspace_is_a_volume_or_a_folder_with_a_quota() -> None:
    volume = config()["HostConfig"]["Mounts"][0]
    assert (volume["Type"], volume["Source"]) == ("volume", "aimforge-school-prices")
    folder = container_config(spec(), SETTINGS, "/data/run/x/sandbox", "/data/workspaces/x")["HostConfig"]["Mounts"][0]
    assert (folder["Type"], folder["Source"], folder["Target"]) == ("bind", "/data/workspaces/x", "/workspace")


def test_a_runtime_is_named_only_when_it_is_chosen() -> None:
    chosen = ContainerSettings(deployment="school", image="sandbox:1", runtime="runsc")
    assert config(chosen)["HostConfig"]["Runtime"] == "runsc"
    assert "Runtime" not in config()["HostConfig"]


def test_the_proxy_is_told_only_where_there_is_egress() -> None:
    assert "HTTPS_PROXY=http://127.0.0.1:3128" in config()["Env"]
    assert not any("proxy" in variable.lower() for variable in config(egress=False)["Env"])


def test_a_name_with_control_characters_stays_one_variable() -> None:
    assert "AIMFORGE_PROJECT_NAME=a b c" in config(project_name="a\0b\nc")["Env"]
    family = "👩\u200d💻 / می\u200cخواهم"
    assert f"AIMFORGE_PROJECT_NAME={family}" in config(project_name=family)["Env"]


@pytest.mark.parametrize("uid", [0, -1, 2**31])
def test_no_sandbox_runs_as_root(uid: int) -> None:
    with pytest.raises(Invalid, match=str(uid)):
        config(uid=uid)


def test_limits_that_change_leave_no_swap() -> None:
    changed = changeable_limits(Limits(memory=GIB))
    assert changed["Memory"] == changed["MemorySwap"] == GIB


@pytest.mark.parametrize(("runtime", "more"), [("", 0), ("crun", 0), ("runsc", GVISOR_THREADS)])
def test_threads_of_gvisors_kernel_do_not_count_as_the_sandboxes(runtime: str, more: int) -> None:
    limits = Limits(pids=100)
    settings = ContainerSettings(deployment="school", image="x", runtime=runtime)
    started = config(settings, limits=limits)
    assert started["HostConfig"]["PidsLimit"] == changeable_limits(limits, runtime)["PidsLimit"] == 100 + more

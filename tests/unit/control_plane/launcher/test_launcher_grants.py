"""With full control of the asking side: whatever is asked, the engine is told nothing that a sandbox may not have.

The launcher is the real one, on a real socket; the engine behind it records what it is asked for.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, GENERATION_LABEL, PROJECT_LABEL
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets
from control_plane.adapters.launcher.client import LauncherRuntime
from control_plane.adapters.launcher.rules import UIDS, LauncherRules
from control_plane.adapters.launcher.service import LauncherService
from control_plane.adapters.roles import server
from control_plane.adapters.roles.answers import Answer, Failed, Value
from control_plane.adapters.roles.framing import LONGEST_ANSWER, frame, read_frame
from control_plane.adapters.roles.server import RoleServer
from control_plane.domain.errors import Invalid, TooMany
from control_plane.domain.limits import LEAST
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec
from control_plane.services.projects import BLANK
from tests.fakes.docker_engine import RecordingEngine

MIB = 1024 * 1024
MOST = Limits(memory=512 * MIB, cpus=2, pids=128, open_files=1024, shm=64 * MIB, tmp=64 * MIB, disk=256 * MIB)
UID_BASE = 200_000
OTHERS = {
    "a" * 64: {DEPLOYMENT_LABEL: "another", PROJECT_LABEL: "prices", GENERATION_LABEL: "1"},
    "b" * 64: {},
    "postgres": {"com.docker.compose.service": "postgres"},
}
"""Containers on the same engine that are none of ours."""
OURS = "c" * 64


@dataclass
class World:
    path: Path
    engine: RecordingEngine
    run: Path
    sockets: Sockets

    async def say(self, data: bytes) -> bytes | None:
        """Send bytes as they are; return the first answer's."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            async with asyncio.timeout(60):
                writer.write(data)
                writer.write_eof()
                return await read_frame(reader, LONGEST_ANSWER)
        except ConnectionError:
            return None
        finally:
            writer.close()

    async def ask(self, request: Any) -> Answer:
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        async with asyncio.timeout(60):
            writer.write(frame(msgspec.json.encode(request)))
            data = await read_frame(reader, LONGEST_ANSWER)
        writer.close()
        assert data is not None
        return msgspec.json.decode(data, type=Answer)


@asynccontextmanager
async def launcher() -> AsyncGenerator[World]:
    with TemporaryDirectory(prefix="launcher-") as folder:
        engine = RecordingEngine()
        for key, labels in {**OTHERS, OURS: ours()}.items():
            engine.things[key] = {
                "Id": key,
                "Created": "2026-01-01T00:00:00+00:00",
                "Image": "image",
                "Config": {"Labels": labels},
                "HostConfig": {"Runtime": "runc"},
                "State": {"Status": "running", "ExitCode": 0, "OOMKilled": False, "Running": True, "Paused": False},
            }
        sockets = Sockets(Path(folder))
        runtime = DockerRuntime(engine, ContainerSettings(deployment="school", image="aimforge-sandbox:x"), sockets)
        service = LauncherService(runtime, LauncherRules(most=MOST, uid_base=UID_BASE), sockets.prepare)
        path = Path(folder, "launcher.sock")
        async with RoleServer(path, service.serve, peers=frozenset({os.getuid()})):
            yield World(path, engine, Path(folder, "run"), sockets)
        sockets.close()


def ours() -> dict[str, str]:
    return {DEPLOYMENT_LABEL: "school", PROJECT_LABEL: "rates", GENERATION_LABEL: "1"}


def check(there: World) -> None:
    """Nothing that the engine was asked for is more than a sandbox may have."""
    for asked in there.engine.asked:
        assert re.fullmatch(r"[A-Za-z0-9_./:-]+", asked.path), asked
        assert ".." not in asked.path
        if asked.method in ("POST", "DELETE"):
            check_change(there, asked.path, asked.body)


def check_change(there: World, path: str, body: Any) -> None:
    verb = path.rsplit("/", 1)[-1]
    if path == "containers/create":
        check_container(there, body)
    elif path == "volumes/create":
        assert body["Labels"][DEPLOYMENT_LABEL] == "school"
        assert set(body) == {"Name", "Labels"}
    elif path.startswith("volumes/"):
        assert path.removeprefix("volumes/").startswith("aimforge-school-")
    else:
        name = path.split("/")[1]
        assert path.startswith("containers/")
        assert verb in ("start", "wait", "pause", "unpause", "stop", "update", name), path
        assert name not in OTHERS, path
        assert (
            name.startswith("aimforge-school-") or name in there.engine.things
        )  # the labels were checked at its making
        if verb == "update":
            assert LEAST.memory <= body["Memory"] <= MOST.memory
            assert set(body) == {"Memory", "MemorySwap", "NanoCpus", "PidsLimit"}


def check_container(there: World, body: Any) -> None:
    host = body["HostConfig"]
    assert body["Image"] == "aimforge-sandbox:x"
    assert body["Labels"][DEPLOYMENT_LABEL] == "school"
    assert body["NetworkDisabled"] is True
    assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == ("none", True, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert not host.get("Privileged")
    assert not {"Binds", "Devices", "VolumesFrom", "PidMode", "UTSMode", "CgroupParent", "DeviceRequests"} & set(host)
    if body["User"] == "0:0":  # the one that gives a workspace to its sandbox: that command, that right, that volume
        assert (host["CapAdd"], body["Cmd"][0]) == (["CHOWN"], "chown")
        assert [mount["Type"] for mount in host["Mounts"]] == ["volume"]
        return
    assert "CapAdd" not in host
    assert not {"Cmd", "Entrypoint"} & set(body)
    uid = int(body["User"].split(":")[0])
    assert UID_BASE <= uid < UID_BASE + UIDS
    for mount in host["Mounts"]:
        if mount["Type"] == "bind":
            assert mount["ReadOnly"]
            assert Path(mount["Source"]).is_relative_to(there.run)
        else:
            assert mount["Source"].startswith("aimforge-school-")
    assert 0 < host["Memory"] == host["MemorySwap"] <= MOST.memory
    assert 0 < host["NanoCpus"] <= MOST.cpus * 1e9
    assert 0 < host["PidsLimit"] <= MOST.pids
    assert 0 < host["ShmSize"] <= MOST.shm
    assert re.fullmatch(r"rw,nosuid,nodev,size=\d+,mode=1777", host["Tmpfs"]["/tmp"])
    assert {ulimit["Name"]: ulimit["Hard"] for ulimit in host["Ulimits"]}["nofile"] <= MOST.open_files


number = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.sampled_from([0, 1, UID_BASE, 64 * MIB, 128]))
text = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "prices",
            "rates",
            "empty",
            OURS,
            *OTHERS,
            "..",
            "../volumes",
            "a/b",
            "a?force=1",
            "a%2f..",
            "prices\n",
            "/etc",
        ]
    ),
)


def nearly(honest: dict[str, Any], odd: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """An honest message, of which up to two fields are anything."""
    changes = st.lists(st.sampled_from(sorted(odd)), max_size=2).flatmap(
        lambda names: st.fixed_dictionaries({name: odd[name] for name in names})
    )
    return changes.map(lambda changed: honest | changed)


limits = nearly(asdict(MOST), dict.fromkeys(asdict(MOST), number))
wanted = nearly(
    {
        "project_id": "prices",
        "project_name": "Prices",
        "generation": 1,
        "uid": UID_BASE,
        "limits": asdict(MOST),
        "template": "empty",
        "egress": True,
    },
    {
        "project_id": text,
        "project_name": text,
        "generation": number,
        "uid": st.one_of(number, st.integers(UID_BASE - 2, UID_BASE + 2)),
        "limits": limits,
        "template": text,
    },
)
extra = st.dictionaries(
    st.sampled_from(["image", "privileged", "HostConfig", "binds", "command", "CapAdd"]), st.booleans(), max_size=1
)
request = st.one_of(
    st.builds(lambda spec, more: {"type": "start", "spec": {**spec, **more}}, wanted, extra),
    st.builds(
        lambda kind, key, more: {"type": kind, "container_id": key, **more},
        st.sampled_from(["pause", "resume", "inspect"]),
        text,
        extra,
    ),
    st.builds(lambda key, grace: {"type": "stop", "container_id": key, "grace_sec": grace}, text, number),
    st.builds(lambda key, wish: {"type": "update_limits", "container_id": key, "limits": wish}, text, limits),
    st.builds(
        lambda kind, key: {"type": kind, "project_id": key}, st.sampled_from(["delete_workspace", "prepare_gate"]), text
    ),
    st.sampled_from([{"type": "list"}, {"type": "workspaces"}, {"type": "exec"}, {}, []]),
)


def spec(**changes: Any) -> SandboxSpec:
    return SandboxSpec(
        **{
            "project_id": "prices",
            "project_name": "Prices",
            "generation": 1,
            "uid": UID_BASE,
            "limits": MOST,
            "template": "empty",
            **changes,
        }
    )


@pytest.mark.parametrize("template", ["empty", BLANK])
async def test_an_honest_request_reaches_the_engine(template: str):
    async with launcher() as there:
        with pytest.raises(Exception, match="agent ended"):  # the recording engine runs nothing
            await LauncherRuntime(str(there.path)).start(spec(template=template))
        created = [asked.body for asked in there.engine.asked if asked.path == "containers/create"]
        assert created[-1]["User"] == f"{UID_BASE}:{UID_BASE}"
        check(there)


@settings(max_examples=120, deadline=None)
@given(st.lists(request, min_size=1, max_size=4))
def test_no_message_yields_more_than_a_sandbox(requests: list[Any]):
    async def work() -> None:
        async with launcher() as there:
            for each in requests:
                answer = await there.ask(each)
                assert isinstance(answer, Value | Failed)
            check(there)
            assert not [asked for asked in there.engine.asked if asked.path == "containers/exec"]
            for key, labels in OTHERS.items():
                assert there.engine.things[key]["Config"]["Labels"] == labels

    asyncio.run(work())


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(frame)))
def test_no_bytes_end_it_or_reach_the_engine(data: bytes):
    async def work() -> None:
        async with launcher() as there:
            await there.say(data)
            assert isinstance(await there.ask({"type": "workspaces"}), Value)
            assert [asked.method for asked in there.engine.asked] == ["GET"]

    asyncio.run(work())


@pytest.mark.parametrize(
    "asked",
    [
        spec(uid=0),
        spec(uid=1000),
        spec(uid=UID_BASE + UIDS),
        spec(limits=Limits(memory=MOST.memory + 1, pids=8, shm=MIB, tmp=MIB, disk=64 * MIB, open_files=64)),
        spec(limits=Limits(memory=0, pids=8, shm=MIB, tmp=MIB, disk=64 * MIB, open_files=64)),
        spec(limits=Limits(memory=64 * MIB, pids=-1, shm=MIB, tmp=MIB, disk=64 * MIB, open_files=64)),
        spec(limits=Limits(memory=64 * MIB, pids=8, shm=MIB, tmp=MIB, disk=64 * MIB, open_files=10**6)),
    ],
)
async def test_what_goes_beyond_the_rules_is_refused_by_name(asked: SandboxSpec):
    async with launcher() as there:
        with pytest.raises(Invalid):
            await LauncherRuntime(str(there.path)).start(asked)
        assert not there.engine.asked


async def test_a_container_of_another_is_as_good_as_gone_and_ours_is_not():
    async with launcher() as there:
        runtime = LauncherRuntime(str(there.path))
        for key in OTHERS:
            assert await runtime.inspect(key) is None
            await runtime.stop(key)
            await runtime.update_limits(key, MOST)
        assert {asked.method for asked in there.engine.asked} == {"GET"}
        found = await runtime.inspect(OURS)
        assert found is not None
        assert found.project_id == "rates"
        await runtime.update_limits(OURS, MOST)
        assert there.engine.asked[-1].path == f"containers/{OURS}/update"


async def test_the_asking_side_is_told_that_it_is_too_many(monkeypatch: pytest.MonkeyPatch):
    async with launcher() as there:
        runtime = LauncherRuntime(str(there.path))
        assert await runtime.list()
        monkeypatch.setattr(server, "MAX_CALLS", 0)
        for _ in range(50):
            with pytest.raises(TooMany, match="Too many calls"):
                await runtime.start(spec(project_name="x" * 200))
        assert not [asked for asked in there.engine.asked if asked.method == "POST"]


async def test_an_asker_that_dawdles_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "role.sock"
    monkeypatch.setattr(server, "REQUEST_TIMEOUT_SEC", 0.1)

    async def serve(_: bytes) -> AsyncGenerator[Any]:
        yield None

    async with RoleServer(path, serve, peers=frozenset({os.getuid()})), asyncio.timeout(60):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(frame(b"{}")[:3])
        assert await reader.read() == b""
        writer.close()

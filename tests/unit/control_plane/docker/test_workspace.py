"""Who owns a workspace, and who makes it so."""

from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.docker import workspace
from control_plane.adapters.docker.quota import QuotaWorkspaces
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.docker.workspace import VolumeWorkspaces
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec
from tests.fakes.docker_engine import RecordingEngine

SPEC = SandboxSpec(project_id="p", project_name="P", generation=1, uid=200_001, limits=Limits(), template="empty")


class LocalEngine(RecordingEngine):
    """One whose volumes lie on this machine."""

    options: tuple[str, ...] = ()
    folder = ""

    @property
    def is_local(self) -> bool:
        return True

    async def call(self, method: str, path: str, **more: Any) -> Any:
        if path == "info":
            return {"SecurityOptions": ["name=seccomp,profile=default", *self.options]}
        answer = await super().call(method, path, **more)
        return answer | {"Mountpoint": self.folder} if path == "volumes/create" else answer


@pytest.mark.parametrize("options", [(), ("name=userns",), ("name=rootless",)])
async def test_where_user_ids_differ_a_container_makes_the_workspace_the_sandboxs_own(
    tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    owned: list[int] = []
    monkeypatch.setattr(workspace.os, "geteuid", lambda: 0)
    monkeypatch.setattr(workspace.os, "chown", lambda _, uid, *__, **___: owned.append(uid))
    engine = LocalEngine()
    engine.options, engine.folder = options, str(tmp_path)
    await VolumeWorkspaces(engine, ContainerSettings(deployment="school", image="sandbox:1")).ensure(SPEC)
    commands = [asked.body["Cmd"] for asked in engine.asked if asked.path == "containers/create"]
    for asked in engine.asked:
        if asked.path == "containers/create":
            host = asked.body["HostConfig"]
            assert (host["CapDrop"], host["CapAdd"], host["NetworkMode"]) == (["ALL"], ["CHOWN"], "none")
            assert (host["ReadonlyRootfs"], host["SecurityOpt"]) == (True, ["no-new-privileges"])
            assert [mount["Type"] for mount in host["Mounts"]] == ["volume"]
    if options:
        assert (owned, [command[0] for command in commands]) == ([], ["chown"])
    else:
        assert (owned, commands) == ([SPEC.uid], [])


async def test_a_note_that_a_full_disk_cut_short_hides_no_other_workspace(tmp_path: Path):
    (tmp_path / "whole.json").write_text('{"project": "whole", "uid": 200001}')
    for name, left in (("cut", '{"project": "c'), ("empty", ""), ("other", "[1]"), ("binary", "\0\0")):
        (tmp_path / f"{name}.json").write_text(left)
    assert await QuotaWorkspaces(tmp_path).list() == ["whole"]

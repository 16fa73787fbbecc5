"""The hand-over, with a socket of this process in the agent's place."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path

import pytest

from control_plane.adapters.handover import Offer, Sharing, Sockets
from control_plane.adapters.socket_paths import SocketPaths
from control_plane.ports import AgentAddress

ADDRESS = AgentAddress(project_id="prices", generation=3)
UID = 200_001


def take(offer: Offer) -> tuple[bytes, list[int]]:
    """Do what the agent does: ask for the listening socket."""
    folder = os.open(offer.run_dir, os.O_PATH)  # a test's folder may be too deep for a socket's address
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(f"/proc/self/fd/{folder}/bootstrap.sock")
            message, descriptors, _, _ = socket.recv_fds(connection, 65536, 4)
    finally:
        os.close(folder)
    return message, descriptors


async def handed_over(sockets: Sockets, address: AgentAddress = ADDRESS) -> tuple[dict[str, object], socket.socket]:
    async with sockets.offer(address, UID, {"python_lsp": "ty"}) as offer:
        (message, descriptors), _ = await asyncio.gather(asyncio.to_thread(take, offer), offer.taken())
    return json.loads(message), socket.socket(fileno=descriptors[0])


def dial(sockets: Sockets, listener: socket.socket, address: AgentAddress = ADDRESS) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(sockets.agent_path(address))
        client.sendall(b"hello")
        listener.settimeout(60)
        connection, _ = listener.accept()
        with connection:
            return connection.recv(5)


async def test_an_agent_serves_on_the_socket_it_was_handed(tmp_path: Path) -> None:
    sockets = Sockets(tmp_path)
    message, listener = await handed_over(sockets)
    with listener:
        assert message == {"token": sockets.token(ADDRESS), "settings": {"python_lsp": "ty"}}
        assert dial(sockets, listener) == b"hello"


async def test_another_control_plane_on_the_same_data_reaches_it(tmp_path: Path) -> None:
    first = Sockets(tmp_path)
    _, listener = await handed_over(first)
    second = Sockets(tmp_path)
    with listener:
        assert second.token(ADDRESS) == first.token(ADDRESS)
        assert dial(second, listener) == b"hello"


async def test_a_deep_data_directory_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("long-name-" * 12) / ("long-name-" * 12)
    sockets = Sockets(deep)
    async with sockets.offer(ADDRESS, UID, {}) as offer:
        bootstrap = f"{sockets.egress_path('prices').removesuffix('gate/egress.sock')}bootstrap.sock"
        assert Path(bootstrap).is_socket()
        assert (offer.run_dir / "bootstrap.sock").is_socket()
        assert Path(sockets.agent_path(ADDRESS)).is_socket()
    sockets.close()


async def test_the_socket_is_handed_over_once(tmp_path: Path) -> None:
    sockets = Sockets(tmp_path)
    async with sockets.offer(ADDRESS, UID, {}) as offer:
        (_, descriptors), _ = await asyncio.gather(asyncio.to_thread(take, offer), offer.taken())
        os.close(descriptors[0])
        with pytest.raises(ConnectionRefusedError):
            await asyncio.to_thread(take, offer)
    assert not (offer.run_dir / "bootstrap.sock").exists()


async def test_a_start_that_fails_leaves_no_path_to_dial(tmp_path: Path) -> None:
    sockets = Sockets(tmp_path)

    async def start() -> None:
        async with sockets.offer(ADDRESS, UID, {}):
            assert Path(sockets.agent_path(ADDRESS)).exists()
            raise RuntimeError("the engine failed")

    with pytest.raises(RuntimeError, match="engine"):
        await start()
    assert not Path(sockets.agent_path(ADDRESS)).exists()


async def test_a_new_generation_has_a_path_and_token_of_its_own(tmp_path: Path) -> None:
    sockets = Sockets(tmp_path)
    newer = AgentAddress(project_id="prices", generation=4)
    _, old = await handed_over(sockets)
    _, new = await handed_over(sockets, newer)
    with old, new:
        assert sockets.token(ADDRESS) != sockets.token(newer)
        assert not Path(sockets.agent_path(ADDRESS)).exists()
        assert dial(sockets, new, newer) == b"hello"
        sockets.forget(ADDRESS)
        assert dial(sockets, new, newer) == b"hello"
        sockets.forget(newer)
        assert not Path(sockets.agent_path(newer)).exists()


def test_tokens_differ_between_projects_and_deployments(tmp_path: Path) -> None:
    one, two = Sockets(tmp_path / "one"), Sockets(tmp_path / "two")
    tokens = {
        one.token(ADDRESS),
        two.token(ADDRESS),
        one.token(AgentAddress(project_id="rates", generation=3)),
        # Parts that run into one another must not collide.
        one.token(AgentAddress(project_id="prices3", generation=3)),
        one.token(AgentAddress(project_id="prices", generation=33)),
    }
    assert len(tokens) == 5


async def test_others_on_this_machine_are_kept_out(tmp_path: Path) -> None:
    sockets = Sockets(tmp_path / "data")
    async with sockets.offer(ADDRESS, UID, {}) as offer:
        private = [tmp_path / "data", tmp_path / "data/run", offer.run_dir.parent]
        assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o700] * 3
        assert stat.S_IMODE((tmp_path / "data/secret").stat().st_mode) == 0o600
        # The sandbox's own uid must reach what is mounted into it.
        assert stat.S_IMODE(offer.run_dir.stat().st_mode) == 0o755
        assert stat.S_IMODE((offer.run_dir / "bootstrap.sock").stat().st_mode) == 0o666


def test_a_secret_cut_short_by_a_crash_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    token = Sockets(tmp_path).token(ADDRESS)
    assert len((tmp_path / "secret").read_bytes()) == 32
    assert Sockets(tmp_path).token(ADDRESS) == token


@pytest.mark.parametrize("project_id", ["../../etc", "a/b", "a\0b", "x" * 5000, "", "\udcff"])
def test_no_project_id_leads_out_of_the_folder(tmp_path: Path, project_id: str) -> None:
    sockets = Sockets(tmp_path)
    for path in (
        sockets.agent_path(AgentAddress(project_id=project_id, generation=1)),
        sockets.egress_path(project_id),
    ):
        assert Path(path).resolve().is_relative_to(tmp_path / "run")
    sockets.delete(project_id)
    assert list((tmp_path / "run").iterdir()) == []


async def test_roles_of_one_group_may_dial_and_others_may_not(tmp_path: Path) -> None:
    sockets = Sockets(tmp_path, sharing=Sharing(gid=os.getgid(), gate_uid=os.getuid()))
    _, listener = await handed_over(sockets)
    with listener:
        agent = Path(sockets.agent_path(ADDRESS))
        gate = Path(sockets.egress_path(ADDRESS.project_id)).parent
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (agent, agent.parent, agent.parent.parent, gate)}
    # The group may pass and dial; it may neither list nor write a folder. The sandbox sees its gate and cannot write it.
    assert modes == {agent: 0o660, agent.parent: 0o710, agent.parent.parent: 0o710, gate: 0o755}
    link = gate.parent / "egress.sock"
    assert str(link.readlink()) == "gate/egress.sock"


def test_those_who_only_dial_find_the_same_sockets(tmp_path: Path) -> None:
    secret = b"s" * 32
    binder, dialler = Sockets(tmp_path, secret=secret), SocketPaths(tmp_path / "run", secret)
    binder.prepare("prices")
    Path(binder.egress_path("prices")).touch()
    assert Path(dialler.egress_path("prices")).exists()  # each may reach it by a descriptor of its own
    Path(binder.agent_path(ADDRESS)).touch()
    assert Path(dialler.agent_path(ADDRESS)).exists()
    assert dialler.token(ADDRESS) == binder.token(ADDRESS)
    assert SocketPaths(tmp_path / "run", b"t" * 32).token(ADDRESS) != binder.token(ADDRESS)

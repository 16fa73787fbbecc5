"""Terminals over their socket, with real shells."""

import asyncio
import errno
import gc
import os
import signal
import socket
import weakref
from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox_image.agent.egress.refusal import socket_inode
from sandbox_image.agent.terminal.session import members
from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.limits import MAX_TERMINALS

from .served import PROMPT, eventually, served, zombie_children


@pytest.fixture(params=["pidfds", "no pidfds"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that has pidfds, and one that has none, as gVisor's."""

    def refused(pid: int, flags: int = 0) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    if request.param == "no pidfds":
        monkeypatch.setattr(os, "pidfd_open", refused)


@pytest.mark.usefixtures("kernel")
async def test_opens_runs_renames_and_closes(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell(name="build", cols=100, rows=30) as page:
        assert page.messages[0]["type"] == "attached"
        terminal = page.messages[0]["terminal"]
        assert (terminal["name"], terminal["cols"], terminal["rows"]) == ("build", 100, 30)
        assert await page.run("tput cols; stty size; echo $TERM; pwd") == (
            f"100\r\n30 100\r\nxterm-256color\r\n{tmp_path}/workspace\r\n".encode()
        )
        assert await page.run("echo $VIRTUAL_ENV; echo ${PATH%%:*}") == (
            b"/nonexistent/venv\r\n/nonexistent/venv/bin\r\n"
        )
        status, renamed = await agent.call("PATCH", f"/terminals/{terminal['id']}", {"name": "tests"})
        assert (status, renamed["name"]) == (200, "tests")
        assert (await page.until_message("renamed"))["name"] == "tests"
        assert (await agent.call("DELETE", f"/terminals/{terminal['id']}"))[0] == 204
        assert await page.until_closed() == CloseCode.TERMINAL_CLOSED
        assert (await agent.call("GET", "/terminals")) == (200, [])
        assert agent.events.published[-1].terminals == []


@pytest.mark.usefixtures("kernel")
async def test_tells_when_the_shell_ends_after_its_last_output(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        await page.type("seq 1 60000; exit 7\n")
        assert await page.until_closed() == CloseCode.TERMINAL_EXITED
        assert bytes(page.output) == b"".join(b"%d\r\n" % n for n in range(1, 60001)) + b"exit\r\n"
        assert page.messages[-1] == {"type": "exited", "status": 7}
        _, terminals = await agent.call("GET", "/terminals")
        assert terminals[0]["exit_status"] == 7
        async with agent.attach(terminals[0]["id"]) as later:
            assert await later.until_closed() == CloseCode.TERMINAL_EXITED
            assert later.output.endswith(b"59999\r\n60000\r\nexit\r\n")


async def test_names_what_runs(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        assert agent.part.busy() == []
        await page.run("sleep 1000 &")
        await eventually(lambda: agent.part.busy() == ["sleep in terminal 1"])
        assert (await agent.call("GET", "/terminals"))[1][0]["foreground"] == ""
        await page.type("cat\n")
        await eventually(lambda: agent.part.describe()[0].foreground == "cat")
        assert agent.part.busy() == ["cat in terminal 1", "sleep in terminal 1"]


CONNECT = """python3 -c "
import socket, sys
there = socket.create_connection(('127.0.0.1', {port}))
sys.stdin.readline()
"
"""


async def test_what_was_refused_is_explained_where_the_program_was_started(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page, agent.shell() as other:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listening = listener.getsockname()[1]
            await page.type(CONNECT.format(port=listening))
            listener.setblocking(False)
            connection, (_, port) = await asyncio.get_running_loop().sock_accept(listener)
            with connection:
                agent.part.explain("evil.example is not allowed.", socket_inode(port, listening))
                await page.until_output(b"\x1b[33maimforge: evil.example is not allowed.\x1b[0m\r\n")
                await page.type("\n")
                await page.until_output(PROMPT)
        # At a prompt, a line would be written into what is being typed.
        agent.part.explain("nobody asked.", 0)
        assert b"aimforge" not in await other.run("echo fine")


@pytest.mark.parametrize("path", ["/terminals/none/attach", "/terminals/none/attach?from=1"])
async def test_an_unknown_terminal_is_said_to_be_unknown(tmp_path: Path, path: str) -> None:
    async with served(tmp_path) as agent, agent.attach("none") as page:
        assert await page.until_closed() == CloseCode.NOT_FOUND
        assert (await agent.call("DELETE", "/terminals/none"))[0] == 404
        assert (await agent.call("PATCH", "/terminals/none", {"name": "x"}))[0] == 404


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", CloseCode.BAD_FRAME),
        (b"\x07text", CloseCode.BAD_FRAME),
        ("no json", CloseCode.BAD_FRAME),
        ('{"type":"explode"}', CloseCode.BAD_FRAME),
        ('{"type":"resize","cols":"wide"}', CloseCode.BAD_FRAME),
        ('{"type":"signal","name":"STOP"}', CloseCode.BAD_FRAME),
        (b"\x02" + b"x" * 65537, CloseCode.MESSAGE_TOO_BIG),
    ],
)
async def test_a_bad_frame_ends_its_client_and_nobody_else(tmp_path: Path, frame: str | bytes, code: int) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        async with agent.attach(agent.part.describe()[0].id) as other:
            await other.connection.send(frame)
            assert await other.until_closed() == code
        assert await page.run("echo alive") == b"alive\r\n"


async def test_refuses_names_and_numbers_that_are_too_much(tmp_path: Path) -> None:
    async with served(tmp_path) as agent:
        for name in ("x" * 201, "a\x1bb"):
            assert (await agent.call("POST", "/terminals", {"name": name}))[0] == 422
        for _ in range(MAX_TERMINALS):
            await agent.open()
        status, error = await agent.call("POST", "/terminals", {})
        assert (status, error["error"]) == (429, "too_many")
        agent.part.close(agent.part.describe()[0].id)
        await agent.open(cols=0, rows=10**6)
        assert (agent.part.describe()[-1].cols, agent.part.describe()[-1].rows) == (2, 500)


async def test_a_viewer_may_look_and_not_type(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal_id = agent.part.describe()[0].id
        async with agent.attach(terminal_id, mode="view") as viewer:
            await viewer.type("touch forbidden\n")
            await viewer.control(type="resize", cols=10, rows=10)
            await viewer.control(type="signal", name="KILL")
            assert (await viewer.until_message("refused"))["message"]
            await page.run("echo seen by both")
            await viewer.until_output(b"seen by both")
        assert agent.part.describe()[0].cols == 80
        assert list((tmp_path / "workspace").glob("forbidden")) == []
        await page.run("touch allowed")
        assert list((tmp_path / "workspace").glob("allowed"))


async def test_ctrl_c_works_even_if_the_agent_ignores_sigint(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        async with served(tmp_path) as agent, agent.shell() as page:
            await page.type("sleep 1000\n")
            await eventually(lambda: agent.part.describe()[0].foreground == "sleep")
            await page.type("\x03")
            await page.until_output(b"READY>")
            assert await page.run("echo $?") == b"130\r\n"
    finally:
        signal.signal(signal.SIGINT, before)


async def test_signals_reach_the_foreground_program(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        await page.type("sleep 1000\n")
        await eventually(lambda: agent.part.describe()[0].foreground == "sleep")
        await page.control(type="signal", name="TERM")
        await page.until_output(b"READY>")
        assert await page.run("echo $?") == b"143\r\n"


@pytest.mark.usefixtures("kernel")
async def test_closing_ends_all_programs_of_a_terminal(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal = agent.part.get(agent.part.describe()[0].id)
        await page.run(
            "nohup sleep 1000 >/dev/null 2>&1 & (trap '' HUP TERM; while :; do sleep 1000; done) & sleep 999 &"
        )
        await page.type("bash -c 'trap \"\" HUP; yes'\n")
        await page.until(lambda: len(page.output) > 200_000)
        assert len(members(terminal.pty.pid)) >= 5
        agent.part.close(terminal.id)
        assert await page.until_closed() == CloseCode.TERMINAL_CLOSED
        await terminal.exited.wait()
        await eventually(lambda: members(terminal.pty.pid) == [])
        assert terminal.pty.pid not in zombie_children()


async def test_idle_and_old_terminals_are_closed_with_the_reason(tmp_path: Path) -> None:
    async with served(tmp_path / "idle", idle_timeout=0.3) as agent, agent.attach(await agent.open()) as page:
        assert await page.until_closed() == CloseCode.TERMINAL_CLOSED
        assert page.connection.close_reason == "The terminal was idle and was closed."
    async with served(tmp_path / "old", max_session=0.3) as agent, agent.attach(await agent.open()) as page:
        assert await page.until_closed() == CloseCode.TERMINAL_CLOSED
        assert page.connection.close_reason == "The terminal reached its maximum age and was closed."


@pytest.fixture
def no_collection() -> Generator[None]:
    """As long as nobody looks for garbage: what is kept until then can be most of a sandbox's memory."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
async def test_a_terminal_that_was_closed_gives_its_ring_back_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as agent:
        identity = await agent.open()
        ring = weakref.ref(agent.part.get(identity).ring)
        async with agent.shell() as other, agent.attach(identity) as page:
            await page.quiet()
            assert ring() is not None
            await agent.call("DELETE", f"/terminals/{identity}")
            assert await page.until_closed() == CloseCode.TERMINAL_CLOSED
            await other.run("true")  # the one that was typed into last is known until then
            await eventually(lambda: ring() is None)

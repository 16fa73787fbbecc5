"""Full-screen programs of the image, in a real sandbox and through the control plane.

What they draw is compared, screen by screen, with what they draw on a TTY that the engine opens in the same container,
with nothing of ours between; through changes of size, lost connections and fresh pages.
"""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.security.deployment import Deployment, deployed, docker

from .screen import Screen, side_by_side, until
from .served import Page

pytestmark = pytest.mark.engine

QUIET = "stty -echo; bind 'set enable-bracketed-paste off'; PROMPT_COMMAND=; PS2=; PS1=READ''Y'>'; clear\n"
NUMBERS = "".join(f"line {number} ünï\n" for number in range(1, 401))
TMUX = "set -g status off\nset -g assume-paste-time 0\nset -g default-command \"PS1='IN TMUX>' exec sh\"\n"
HTOPRC = "htop_version=3.2.2\nconfig_reader_min_version=2\nfields=0 48 1\nhide_userland_threads=1\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    with deployed(tmp_path_factory.mktemp("screens"), image) as running:
        yield running


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    project_id = server.make("Screens")
    for name, text in {"numbers.txt": NUMBERS, "tmux.conf": TMUX, "htoprc": HTOPRC}.items():
        server.call("PUT", f"/api/project/{project_id}/files/content?path={name}", 201, content=text.encode())
    return project_id


class Direct:
    """A shell on a TTY of the engine's, in the sandbox's container."""

    def __init__(self, container: str, changed: asyncio.Event) -> None:
        self.screen = Screen(changed)
        self._master, slave = pty.openpty()
        self._size(80, 24)
        command = ("docker", "exec", "-it", "-e", "TERM=xterm-256color", "-e", "HOME=/workspace", "-w", "/workspace")
        self._client = subprocess.Popen(
            (*command, container, "bash", "--norc", "-i"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def _read(self) -> None:
        try:
            self.screen.feed(os.read(self._master, 65536))
        except OSError:  # the engine's client has ended
            asyncio.get_running_loop().remove_reader(self._master)

    def _size(self, cols: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, text: str) -> None:
        data = text.encode()
        assert os.write(self._master, data) == len(data)

    def resize(self, cols: int, rows: int) -> None:
        self.screen.resize(cols, rows)
        self._size(cols, rows)
        self._client.send_signal(28)  # SIGWINCH: it is told of by hand, since the TTY is not its controlling one

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        self._client.kill()
        self._client.wait()


class Relayed:
    """A terminal of the sandbox on the page of somebody whose connection may be lost."""

    def __init__(self, server: Deployment, project: str, changed: asyncio.Event) -> None:
        self.screen = Screen(changed)
        self._server, self._project, self._changed = server, project, changed
        self._id = server.call("POST", f"/api/project/{project}/terminals", 201, json={})["id"]
        self._page: Page | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None
        return self._page

    async def attach(self, screen: Screen, since: int | None) -> tuple[Page, asyncio.Task[None]]:
        path = f"/api/terminal/{self._project}/{self._id}" + ("" if since is None else f"?from={since}")
        connection = await connect(
            self._server.url.replace("http", "ws", 1) + path,
            additional_headers={"authorization": f"Bearer {self._server.token}"},
            compression=None,
            proxy=None,
            open_timeout=150,
        )
        page = Page(connection)
        return page, asyncio.create_task(screen.follow(page))

    async def open(self, since: int | None = None) -> None:
        self._page, self._following = await self.attach(self.screen, since)

    async def lose(self) -> int:
        """Break the connection off, without a goodbye; the offset of what came."""
        page = self.page
        page.connection.transport.abort()
        assert self._following is not None
        await self._following
        return page.next_offset

    @asynccontextmanager
    async def reloaded(self) -> AsyncIterator[Screen]:
        """The screen of a fresh page."""
        screen = Screen(self._changed)
        page, following = await self.attach(screen, None)
        yield screen
        await page.connection.close()
        await following

    async def close(self) -> None:
        self._server.ask("DELETE", f"/api/project/{self._project}/terminals/{self._id}")
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])


@dataclass
class Pair:
    """The same shell twice: ``relayed`` by us, and ``direct``."""

    relayed: Relayed
    direct: Direct
    changed: asyncio.Event

    async def same(self, expected: str, *, alternate: bool) -> None:
        """Wait until both show the same, and that."""

        def done() -> bool:
            one, other = self.direct.screen, self.relayed.screen
            return (
                one.shows(expected)
                and one.is_alternate is other.is_alternate is alternate
                and (one.lines, one.cursor) == (other.lines, other.cursor)
            )

        await self._until(done, self.relayed.screen, f"{expected!r}")

    async def type(self, text: str, expected: str, *, alternate: bool = True) -> None:
        self.direct.type(text)
        await self.relayed.page.type(text)
        await self.same(expected, alternate=alternate)

    async def resize(self, cols: int, rows: int, expected: str) -> None:
        self.direct.resize(cols, rows)
        await self.relayed.page.control(type="resize", cols=cols, rows=rows)
        await self.same(expected, alternate=True)

    async def lose_the_connection(self) -> None:
        """Go on where it was lost, and look at it from a fresh page as well: all show the same."""
        await self.relayed.open(await self.relayed.lose())
        async with self.relayed.reloaded() as fresh:
            wanted = self.direct.screen

            def done() -> bool:
                return (fresh.lines, fresh.cursor, fresh.is_alternate) == (
                    wanted.lines,
                    wanted.cursor,
                    wanted.is_alternate,
                )

            await self._until(done, fresh, "the same on a fresh page")

    async def _until(self, done: Any, screen: Screen, what: str) -> None:
        try:
            await until(self.changed, done)
        except TimeoutError:
            pytest.fail(f"waited for {what}:\n{side_by_side(self.direct.screen, screen)}")


@asynccontextmanager
async def pair(server: Deployment, project: str) -> AsyncIterator[Pair]:
    changed = asyncio.Event()
    (container,) = server.containers(project)
    relayed, direct = Relayed(server, project, changed), Direct(container, changed)
    both = Pair(relayed, direct, changed)
    try:
        await relayed.open()
        await until(changed, lambda: direct.screen.shows("$"))
        await both.type(QUIET, "READY>", alternate=False)
        yield both
    finally:
        await relayed.close()
        direct.close()


async def test_vim(server: Deployment, project: str):
    async with pair(server, project) as both:
        await both.type("echo before; vim -u NONE -i NONE -n -N numbers.txt\n", "line 23")
        await both.type("G", "line 400")
        await both.type("ihällo \x1b", "hällo line 400")
        await both.resize(120, 40, "line 380")
        await both.lose_the_connection()
        # Nothing that vim comments on: it draws itself anew for a fresh page, and forgets its last message then.
        await both.type("gg2dd", "line 41")
        await both.resize(60, 12, "line 13")
        await both.lose_the_connection()
        await both.type("oadded ünï\x1b", "added ünï")
        await both.type(":q!\n", "READY>", alternate=False)


async def test_less(server: Deployment, project: str):
    async with pair(server, project) as both:
        await both.type("echo before; less numbers.txt\n", "line 23")
        await both.type("G", "(END)")
        await both.type("?line 77\n", "line 77")
        await both.lose_the_connection()
        await both.type("q", "before", alternate=False)


async def test_tmux(server: Deployment, project: str):
    async with pair(server, project) as both:
        # Each of the two has a tmux server of its own.
        both.direct.type("S=direct\n")
        await both.relayed.page.type("S=relayed\n")
        await both.type("clear; echo before; tmux -L $S -f tmux.conf new-session\n", "IN TMUX>")
        await both.type("head -3 numbers.txt\n", "line 3")
        await both.type("\x02%", "│")
        await both.type("head -2 numbers.txt\n", "│line 2")
        await both.type('\x02"', "─")
        await both.lose_the_connection()
        await both.type("\x02d", "[detached", alternate=False)
        await both.type("clear; tmux -L $S attach\n", "│line 2")
        await both.type("\x02o", "─")
        await both.type("head -4 numbers.txt\n", "line 4")
        await both.type("\x02:", ":")
        await both.type("kill-server\r", "READY>", alternate=False)


async def test_htop(server: Deployment, project: str):
    """Its figures change by themselves: its frame is looked at, and that the shell's screen comes back."""
    async with pair(server, project) as both:
        screen, page = both.relayed.screen, both.relayed.page
        await both.type("clear; echo before\n", "before", alternate=False)
        shells = screen.lines
        for leave in ("\x1b[21~", "q"):
            await page.type("HTOPRC=htoprc htop -d 100; clear; echo before\n")
            for part in ("Tasks:", "Load average:", "Mem[", "PID", "Command", "F10Quit", "sandbox_image.agent"):
                await until(both.changed, lambda part=part: screen.is_alternate and screen.shows(part))
            async with both.relayed.reloaded() as fresh:
                await until(both.changed, lambda fresh=fresh: fresh.is_alternate and fresh.shows("F10Quit"))
            await page.type(leave)
            await until(both.changed, lambda: not screen.is_alternate and screen.lines == shells)
        docker("exec", server.containers(project)[0], "sh", "-c", "! pgrep -x htop")

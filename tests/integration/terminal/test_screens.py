"""Full-screen programs draw through the agent what they draw on a PTY of their own, and again on a fresh page."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from sandbox_image.agent.terminal.pty import start_shell
from sandbox_image.agent.terminal.session import end_session

from .screen import Screen, side_by_side, until
from .served import served

CURSES = """
import curses
def main(screen):
    for row in range(20):
        screen.addstr(row, row, f"row {row} ünï", curses.A_REVERSE if row % 2 else curses.A_BOLD)
    screen.refresh()
    while (key := screen.getkey()) != "q":
        screen.insertln()
        screen.addstr(0, 0, f"key {key}")
        screen.refresh()
curses.wrapper(main)
"""
HTOPRC = """htop_version=3.2.2
config_reader_min_version=2
fields=0 48 1
hide_userland_threads=1
"""
TMUX = """set -g status off
set -g assume-paste-time 0
set -g default-command "PS1='IN TMUX>' exec sh"
"""
# Each step: what is typed, and what the screen shows when it is done.
PROGRAMS = {
    "curses": (f"{sys.executable} draw.py", [("", "row 19 ünï"), ("a", "key a"), ("\x1b[B", "key"), ("b", "key b")]),
    "vim": (
        "TERM=linux vim -u NONE -i NONE -n -N numbers.txt",
        [("", "line 1"), ("G", "line 400"), ("ihello \x1b", "hello line 400"), ("gg", "line 1"), (":q!\n", "READY>")],
    ),
    "less": (
        "TERM=linux less numbers.txt",
        [("", "line 1"), ("G", "(END)"), ("?line 77\n", "line 77"), ("q", "READY>")],
    ),
    # Without figures; its meters, which change by themselves, are not compared.
    "htop": (
        "TERM=xterm HTOPRC=htoprc htop -d 100 -p 1",
        [
            ("", "Command"),
            ("h", "(C)"),
            (" ", "Command"),
            ("\x1bOQ", "Display options"),
            ("\x1b", "Command"),
            ("q", "READY>"),
        ],
    ),
    "tmux": (
        "TERM=xterm tmux -L {socket} -f tmux.conf new-session",
        [
            ("", "IN TMUX>"),
            ("head -3 numbers.txt\n", "line 3"),
            ("\x02%", "│"),
            ('\x02"', "─"),
            ("\x02:", ":"),
            ("kill-server\r", "READY>"),
        ],
    ),
}

CHANGING_ROWS = {"htop": 5}
"""Rows at the top of a program's screen that change by themselves."""


class Bare:
    """The same shell on a PTY that nothing stands in front of."""

    def __init__(self, workspace: Path, changed: asyncio.Event, skipped: int) -> None:
        environment = {**os.environ, "HOME": str(workspace), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.pty = start_shell(workspace, environment, 80, 24)
        self.screen = Screen(changed, skipped)
        asyncio.get_running_loop().add_reader(self.pty.master, self._read)

    def _read(self) -> None:
        self.screen.feed(os.read(self.pty.master, 65536))

    def type(self, text: str) -> None:
        assert os.write(self.pty.master, text.encode()) == len(text.encode())

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.pty.master)
        os.close(self.pty.master)
        await end_session(self.pty.pid)
        self._reap()

    def _reap(self) -> None:
        os.waitid(os.P_PID, self.pty.pid, os.WEXITED)
        os.close(self.pty.end)


@pytest.mark.parametrize("name", ["curses", *(name for name in ("vim", "less", "htop", "tmux") if shutil.which(name))])
async def test_draws_the_same_screens(tmp_path: Path, name: str) -> None:
    command, steps = PROGRAMS[name]
    changed = asyncio.Event()
    async with served(tmp_path) as agent, agent.shell() as page:
        workspace = tmp_path / "workspace"
        (workspace / "draw.py").write_text(CURSES)
        (workspace / "tmux.conf").write_text(TMUX)
        (workspace / "htoprc").write_text(HTOPRC)
        (workspace / "numbers.txt").write_text("".join(f"line {n}\n" for n in range(1, 401)))
        skipped = CHANGING_ROWS.get(name, 0)
        bare, relayed, fresh = Bare(workspace, changed, skipped), Screen(changed, skipped), Screen(changed, skipped)
        try:
            async with asyncio.TaskGroup() as readers:
                following = [readers.create_task(relayed.follow(page))]
                bare.type("stty -echo; PROMPT_COMMAND=; PS1=READ''Y'>'\n")
                await until(changed, lambda: bare.screen.shows("READY>"))
                # Each of the two has a tmux server of its own.
                bare.type(f"clear; {command.replace('{socket}', f'bare-{os.getpid()}')}\n")
                await page.type(f"clear; {command.replace('{socket}', f'relayed-{os.getpid()}')}\n")
                for typed, expected in steps:
                    bare.type(typed)
                    await page.type(typed)

                    def same(expected: str = expected) -> bool:
                        return bare.screen.shows(expected) and relayed.lines == bare.screen.lines

                    try:
                        await until(changed, same)
                    except TimeoutError:
                        pytest.fail(f"after {typed!r}:\n{side_by_side(bare.screen, relayed)}")
                # A page that was reloaded shows the same again.
                async with agent.attach(agent.part.describe()[0].id) as reloaded:
                    following.append(readers.create_task(fresh.follow(reloaded)))
                    await until(changed, lambda: fresh.lines == bare.screen.lines)
                    for task in following:
                        task.cancel()
        finally:
            await bare.close()

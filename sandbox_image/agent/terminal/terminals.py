"""All terminals of the sandbox: opened, listed, ended when they are idle or too old."""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from sandbox_image.agent.errors import AgentError, from_os_error
from sandbox_image.wire import terminals as wire
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.events import Terminals as TerminalsEvent
from sandbox_image.wire.limits import MAX_NAME, MAX_TERMINALS

from .attention import Attention
from .pty import clamp_size, program_name, shell_environment, start_shell
from .session import holds_socket, processes
from .terminal import Terminal

MAX_IDLE_CHECK_SEC: Final = 60.0


class Interpreter(Protocol):
    """What terminals need of the environment."""

    @property
    def python(self) -> Any:
        """Path of the venv's interpreter, whether or not it exists yet."""
        ...


class Publisher(Protocol):
    """Where events go."""

    def publish(self, data: Any, by: str = "") -> None:
        """Publish a struct of ``wire/events.py``; never blocks."""
        ...


class Terminals:
    """The terminals of a sandbox, at most ``MAX_TERMINALS``. Use as an async context manager; leaving it ends them all.

    ``idle_timeout`` (seconds, 0 is never): a terminal at its prompt that neither was typed into nor wrote for so long is
    closed. ``max_session`` (seconds, 0 is never): any terminal of that age is. ``touch`` is called with each input.
    ``environ`` is what shells get their environment from.
    """

    def __init__(
        self,
        workspace: Path,
        environment: Interpreter,
        events: Publisher,
        *,
        idle_timeout: float = 0.0,
        max_session: float = 0.0,
        touch: Callable[[], None] = lambda: None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._touch = touch
        self._environ = environ
        self._workspace = workspace
        self._environment = environment
        self._events = events
        self._idle_timeout = idle_timeout
        self._max_session = max_session
        self._terminals: dict[str, Terminal] = {}
        self._attention = Attention()
        self._tasks = asyncio.TaskGroup()
        self._opened = 0

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            closing = [terminal.close("The sandbox is stopping.") for terminal in self._terminals.values()]
            self._terminals.clear()
            await asyncio.gather(*closing)
        finally:
            await self._tasks.__aexit__(exc_type, exc, traceback)

    def describe(self) -> list[wire.Terminal]:
        """All terminals, oldest first, with those whose shell ended until they are closed."""
        return [terminal.describe() for terminal in self._terminals.values()]

    def get(self, terminal_id: str) -> Terminal:
        """The terminal with that id. Raises NOT_FOUND."""
        terminal = self._terminals.get(terminal_id)
        if terminal is None:
            raise AgentError(ErrorCode.NOT_FOUND, "There is no such terminal; it may have been closed.")
        return terminal

    def open(self, new: wire.NewTerminal) -> Terminal:
        """Start a shell. Raises TOO_MANY when ``MAX_TERMINALS`` run, INVALID for a bad name."""
        name = checked_name(new.name) if new.name.strip() else f"terminal {self._opened + 1}"
        self._make_room()
        size = clamp_size(new.cols, new.rows)
        state = self._workspace / ".aimforge"
        venv = Path(self._environment.python).parent.parent
        try:
            pty = start_shell(self._workspace, shell_environment(self._environ, venv, state), *size)
        except OSError as error:
            raise from_os_error(error) or error from error
        self._opened += 1
        terminal = Terminal(secrets.token_hex(8), name, pty, size, self._changed, self._touch, self._attention)
        self._terminals[terminal.id] = terminal
        if self._idle_timeout or self._max_session:
            self._tasks.create_task(self._limit(terminal))
        self._touch()
        self._changed()
        return terminal

    def rename(self, terminal_id: str, name: str) -> Terminal:
        """Give a terminal another name."""
        terminal = self.get(terminal_id)
        terminal.rename(checked_name(name))
        self._changed()
        return terminal

    def close(self, terminal_id: str, reason: str = "") -> None:
        """Forget a terminal and end what runs in it; its end is not waited for."""
        terminal = self.get(terminal_id)
        del self._terminals[terminal_id]
        self._tasks.create_task(terminal.close(reason or "The terminal was closed."))
        self._changed()

    def busy(self) -> list[str]:
        """What runs in terminals besides their shells, jobs in the background included, such as ``python in terminal 1``."""
        names = {terminal.pty.pid: terminal.name for terminal in self._terminals.values()}
        if not names:
            return []
        found = {
            f"{process.name} in {names[process.session]}"
            for process in processes()
            if process.session in names and process.pid != process.session and process.state not in "TZX"
        }
        found |= {
            # The shell's place can be taken by `exec`.
            f"{name} in {title}"
            for pid, title in names.items()
            if (name := program_name(pid)) not in {"bash", "program"}
        }
        return sorted(found)

    def explain(self, sentence: str, inode: int) -> None:
        """Show ``sentence`` in the terminal from which the program was started that has the socket ``inode`` open."""
        terminals = {terminal.pty.pid: terminal for terminal in self._terminals.values() if terminal.running}
        for process in processes() if terminals else ():
            if process.session in terminals and holds_socket(process.pid, inode):
                terminals[process.session].say(sentence)
                return

    def _make_room(self) -> None:
        if len(self._terminals) < MAX_TERMINALS:
            return
        ended = next((terminal for terminal in self._terminals.values() if not terminal.running), None)
        if ended is None:
            raise AgentError(
                ErrorCode.TOO_MANY, f"{MAX_TERMINALS} terminals are open; close one first.", limit=MAX_TERMINALS
            )
        del self._terminals[ended.id]

    def _changed(self) -> None:
        self._events.publish(TerminalsEvent(terminals=self.describe()))

    async def _limit(self, terminal: Terminal) -> None:
        """Close ``terminal`` when it is idle or too old."""
        opened = time.monotonic()
        seen = -1
        reason = ""
        while not reason:
            if terminal.ring.end != seen:
                seen = terminal.ring.end
                terminal.used_at = time.monotonic()
            now = time.monotonic()
            old_in = opened + self._max_session - now if self._max_session else MAX_IDLE_CHECK_SEC
            idle_in = terminal.used_at + self._idle_timeout - now if self._idle_timeout else MAX_IDLE_CHECK_SEC
            if old_in <= 0:
                reason = "The terminal reached its maximum age and was closed."
            elif idle_in <= 0 and not terminal.pty.foreground():
                reason = "The terminal was idle and was closed."
            else:
                wait = min(old_in, idle_in if idle_in > 0 else self._idle_timeout, MAX_IDLE_CHECK_SEC)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(terminal.exited.wait(), wait)
                if not terminal.running:
                    return
        if terminal.id in self._terminals:
            self.close(terminal.id, reason)


def checked_name(name: str) -> str:
    """``name`` without spaces around it. Raises INVALID for an empty, long or unprintable one."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise AgentError(
            ErrorCode.INVALID, f"A terminal's name has 1 to {MAX_NAME} printable characters.", field="name"
        )
    return name

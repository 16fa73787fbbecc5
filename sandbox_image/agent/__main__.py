"""Starts the agent: ``python -I -m sandbox_image.agent`` in a container, with ``--listen`` on a developer's machine."""

import asyncio
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

from sandbox_image.agent.bootstrap import Bootstrap, BootstrapFailed, receive
from sandbox_image.agent.settings import BOOTSTRAP_SOCKET, AgentSettings, with_environment
from sandbox_image.agent.system_calls import refuse_needless

PR_SET_DUMPABLE: Final = 4
"""From ``linux/prctl.h``."""


def main() -> int:
    """Serve until SIGTERM. The exit code is 0 then, and 2 when the agent was not told where to listen."""
    # What is imported stays: looking for garbage in it, again and again, is a tenth of the start. ``serve`` turns it on.
    gc.disable()
    # PID 1 ignores a signal that it has no handler for: being told to stop while it starts must not be lost.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        bootstrap = _from_options(sys.argv[1:]) if len(sys.argv) > 1 else receive(BOOTSTRAP_SOCKET)
    except BootstrapFailed as failure:
        logging.getLogger(__name__).error("%s", failure)  # noqa: TRY400 - the sentence says it all
        return 2
    _close_memory()
    if os.getpid() == 1 and not refuse_needless():
        logging.getLogger(__name__).warning("system calls are not filtered here")
    # Sockets, terminals and cached values of one project are nobody else's business.
    os.umask(0o077)
    _make_home(Path(bootstrap.settings.workspace))
    run(bootstrap)
    return 0


def _close_memory() -> None:
    """Keep the user's code, which runs under the same uid, from tracing the agent, reading its token or taking its sockets.

    What the agent starts is not affected: a program that is executed can be traced again.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux only
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _make_home(workspace: Path) -> None:
    """Make ``HOME`` where it lies in the workspace, as it does in a sandbox. Tools cope without it, so a full disk is no end."""
    home = Path(os.environ.get("HOME", "/"))
    if home.is_relative_to(workspace):
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            logging.getLogger(__name__).warning("there is no home folder: %s", error)


def run(bootstrap: Bootstrap) -> None:
    """Serve on an event loop of its own until SIGTERM or SIGINT."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(bootstrap))


async def _until_told(bootstrap: Bootstrap) -> None:
    from sandbox_image.agent.executor.head_start import head_start

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if os.getpid() == 1:
        from sandbox_image.agent.reaper import Reaper

        Reaper(loop).start()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(head_start(Path(bootstrap.settings.workspace)))
        await asyncio.sleep(0)  # its process is there now, and starts on another core while this one imports
        from sandbox_image.agent.server import serve

        await serve(bootstrap, stop, first)


def _from_options(arguments: list[str]) -> Bootstrap:
    import argparse  # in a sandbox there are none, and every module costs its start a little

    parser = argparse.ArgumentParser(
        prog="agent", description="The program inside a sandbox, on a developer's machine."
    )
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--bootstrap", help="path of the socket that hands over the listening socket")
    way.add_argument("--listen", help="path of a Unix socket to listen on instead")
    parser.add_argument("--token", default="", help="with --listen")
    parser.add_argument("--workspace", default="", help="with --listen")
    options = parser.parse_args(arguments)
    if options.bootstrap:
        return receive(options.bootstrap)
    if not options.token or not options.workspace:
        raise BootstrapFailed("--listen needs --token and --workspace")
    path = Path(options.listen)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1024)
    settings = with_environment(AgentSettings(workspace=str(Path(options.workspace).resolve())), os.environ)
    return Bootstrap(listener=listener, token=options.token, settings=settings)


if __name__ == "__main__":
    sys.exit(main())

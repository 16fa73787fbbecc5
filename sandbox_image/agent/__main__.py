"""Starts the agent: ``python -I -m sandbox_image.agent`` in a container, with ``--listen`` on a developer's machine."""

import argparse
import asyncio
import ctypes
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
    # PID 1 ignores a signal that it has no handler for: being told to stop while it starts must not be lost.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = _options()
    try:
        bootstrap = _from_options(options) if options.listen else receive(options.bootstrap)
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
    from sandbox_image.agent.server import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if os.getpid() == 1:
        from sandbox_image.agent.reaper import Reaper

        Reaper(loop).start()
    await serve(bootstrap, stop)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="agent", description="The program inside a sandbox.")
    parser.add_argument("--bootstrap", default=BOOTSTRAP_SOCKET, help="socket that hands over the listening socket")
    parser.add_argument("--listen", help="for development: path of a Unix socket to listen on instead")
    parser.add_argument("--token", default="", help="for development, with --listen")
    parser.add_argument("--workspace", default="", help="for development, with --listen")
    return parser.parse_args()


def _from_options(options: argparse.Namespace) -> Bootstrap:
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

"""The zygote: an interpreter of the project that has imported what its nodes import, and forks a process for each run.

Started by the agent as ``python -I zygote_main.py FD WORKSPACE`` where FD is a SOCK_SEQPACKET socket. Each message is one
JSON object. The agent sends ``{"do": "fork"}``, ``{"do": "preload", "modules": [...]}``, and ``{"do": "sweep"}`` when no run
is left, so that what ended runs left behind can be ended. The zygote sends
``{"is": "child", "pid"}`` with three descriptors (channel, stdout, stderr), ``{"is": "fork_failed", "errno"}``,
``{"is": "preloaded"}`` and ``{"is": "exited", "pid", "status"}``. When the agent is gone, all of it ends.
"""

import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

PACKAGE: Final = "_aimforge"
"""Name under which the folder of this file is loaded, so that no user module can meet or replace it."""


def load_package(*names: str) -> list[ModuleType]:
    """Load this folder as a package and return modules of it. It is on no search path."""
    here = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)])
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return [importlib.import_module(f"{PACKAGE}.{name}") for name in names]


class Zygote:
    """Forks on request until the agent closes the control socket."""

    def __init__(self, control: socket.socket, workspace: str, process: Any, leftovers: Any) -> None:
        self._control = control
        self._workspace = workspace
        self._process = process
        self._leftovers = leftovers
        self._children: set[int] = set()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def serve(self) -> None:
        """Work until the agent is gone, then end every run that is left."""
        signal.signal(signal.SIGCHLD, _wake)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        try:
            while True:
                ready = {descriptor for descriptor, _ in poll.poll()}
                if self._woken.fileno() in ready:
                    self._woken.recv(4096)
                    self._reap()
                if self._control.fileno() in ready:
                    message = self._control.recv(65536)
                    if not message:
                        return
                    self._obey(json.loads(message))
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            for pid in self._children:
                _kill_group(pid)

    def _obey(self, message: dict[str, Any]) -> None:
        if message["do"] == "fork":
            self._fork()
        elif message["do"] == "sweep":
            self._leftovers.end(self._children)
        else:
            preload(message["modules"])
            self._send({"is": "preloaded"})

    def _send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)

    def _fork(self) -> None:
        opened: list[int] = []
        try:
            ours, theirs = socket.socketpair()
            opened += [ours.detach(), theirs.detach()]
            for _ in range(2):
                opened += os.pipe2(os.O_CLOEXEC)
            pid = os.fork()
        except OSError as error:
            for descriptor in opened:
                os.close(descriptor)
            self._send({"is": "fork_failed", "errno": error.errno})
            return
        ours, theirs, out_read, out_write, err_read, err_write = opened
        if pid == 0:
            for descriptor in (theirs, out_read, err_read):
                os.close(descriptor)
            for end in (self._control, self._woken, self._waker):
                end.close()
            self._process.serve(socket.socket(fileno=ours), out_write, err_write, self._workspace)
        self._children.add(pid)
        for descriptor in (ours, out_write, err_write):
            os.close(descriptor)
        self._send({"is": "child", "pid": pid}, (theirs, out_read, err_read))
        for descriptor in (theirs, out_read, err_read):
            os.close(descriptor)

    def _reap(self) -> None:
        with suppress(ChildProcessError):  # there is none at all any more
            # Looked at first and reaped after its group is dead: until then the number cannot become another's.
            while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                pid = dead.si_pid
                if pid in self._children:
                    _kill_group(pid)
                _, status = os.waitpid(pid, 0)
                if pid in self._children:
                    self._children.discard(pid)
                    self._send({"is": "exited", "pid": pid, "status": os.waitstatus_to_exitcode(status)})


def _wake(number: int, frame: FrameType | None) -> None:
    """The wakeup descriptor has done the work; without a handler Python would not write to it."""


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # it ended before it had a group of its own, or took another identity


def preload(modules: list[str]) -> None:
    """Import modules, so that runs find them there. What cannot be imported is left for the run to report."""
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 a package's import may raise anything, SystemExit included
            sys.stderr.write(f"{name} was not preloaded: {error!r}\n")
    gc.collect()
    gc.freeze()  # the collector would write to every object, and so copy every page


def main() -> None:
    """Run the zygote with the descriptor and the workspace from the command line."""
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    warnings.filterwarnings("ignore", message=r".*multi-threaded, use of fork\(\).*", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=r".*non-interactive, and thus cannot be shown.*")
    gc.disable()  # runs enable it again
    workspace = sys.argv[2]
    process, leftovers = load_package("process", "leftovers")
    leftovers.adopt()
    sys.argv = [""]
    # The script's own folder is no place to import from.
    here = str(Path(__file__).parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    process.prepare()
    preload([])
    control.send(json.dumps({"is": "hello"}).encode())
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    Zygote(control, workspace, process, leftovers).serve()


if __name__ == "__main__":
    main()

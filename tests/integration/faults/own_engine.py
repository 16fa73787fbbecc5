"""A container engine of the tests' own, which may be killed, restarted and filled up: on a small disk of its own.

Its disk is an ext4 image on a loop device, so that a full disk is a real one, and nobody else's.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

GIB: Final = 1024**3
WITHIN_SEC: Final = 120.0


def run(*command: str) -> str:
    """Run a program that must succeed; return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=170)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@dataclass
class SmallDisk:
    """A mounted file system of its own. ``fill`` leaves no byte of it; ``free`` gives them back."""

    folder: Path

    def fill(self) -> None:
        filler = self.folder / "filler"
        with filler.open("wb") as file:
            for size in (2**24, 2**16, 2**12):
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
                        file.seek(0, os.SEEK_END)
                except OSError:
                    continue

    def free(self) -> None:
        (self.folder / "filler").unlink()


@contextmanager
def small_disk(size: int) -> Generator[SmallDisk]:
    """Make a disk of ``size`` bytes; sparse, so that it takes what is in it."""
    with tempfile.TemporaryDirectory(prefix="disk-", ignore_cleanup_errors=True) as name:
        image, folder = Path(name, "image"), Path(name, "disk")
        folder.mkdir()
        with image.open("wb") as file:
            file.truncate(size)
        run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        run("mount", "-o", "loop,noatime", str(image), str(folder))
        try:
            yield SmallDisk(folder)
        finally:
            run("umount", "--lazy", str(folder))


@dataclass
class OwnEngine:
    """A ``dockerd`` with everything of its own. ``live_restore`` holds from its next start.

    ``runtimes`` are those that it knows besides its own, as its configuration has them.
    """

    disk: SmallDisk
    folder: Path
    live_restore: bool = True
    runtimes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/engine.sock"

    def docker(self, *arguments: str) -> str:
        return run("docker", "--host", self.url, *arguments)

    def start(self) -> None:
        """Start it; returns when it answers."""
        configuration = self.folder / "daemon.json"
        configuration.write_text(json.dumps({"runtimes": dict(self.runtimes)}))
        command = [
            # In a network of its own: an engine without a bridge removes the bridge of the machine's other engine.
            *("unshare", "--net", "--", "dockerd", "--host", self.url, "--data-root", str(self.disk.folder / "engine")),
            *("--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "pid")),
            *("--config-file", str(configuration)),
            *(
                "--bridge",
                "none",
                "--iptables=false",
                "--ip6tables=false",
                f"--live-restore={self.live_restore}".lower(),
            ),
            *("--storage-driver", "overlay2", "--shutdown-timeout", "3"),
        ]
        # What a killed engine left behind would keep the next one from starting.
        for left in ("pid", "exec/containerd/containerd.pid"):
            (self.folder / left).unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + WITHIN_SEC
        while subprocess.run(("docker", "--host", self.url, "version"), capture_output=True, check=False).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()[-4000:]
            assert time.monotonic() < deadline, "the engine does not answer"
            time.sleep(0.1)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it as a crash would; with ``live_restore``, its containers go on."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an upgrade of its package does."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def close(self) -> None:
        """End it with all its containers."""
        if self.runs:
            containers = self.docker("ps", "--all", "--quiet").split()
            if containers:
                self.docker("rm", "--force", "--volumes", *containers)
            self.stop()
        # A killed engine's helper outlives it; the next one adopts it, and there is none.
        for pid in running(lambda line: str(self.folder).encode() in line):
            os.kill(pid, signal.SIGKILL)


def running(matches: Callable[[bytes], bool]) -> list[int]:
    """Ids of the processes whose command line matches."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if matches(line):
                found.append(int(entry.name))
    return found


@contextmanager
def own_engine(image: str, runtimes: Mapping[str, Any] | None = None) -> Generator[OwnEngine]:
    """Start an engine that has one image, taken from the usual one, and perhaps runtimes besides its own."""
    # The names of sockets are short: this folder is not below pytest's.
    with (
        small_disk(3 * GIB) as disk,
        tempfile.TemporaryDirectory(prefix="eng-", ignore_cleanup_errors=True) as name,
    ):
        engine = OwnEngine(disk, Path(name), runtimes=runtimes or {})
        try:
            engine.start()
            with subprocess.Popen(("docker", "save", image), stdout=subprocess.PIPE) as saved:
                loaded = subprocess.run(
                    ("docker", "--host", engine.url, "load"), stdin=saved.stdout, capture_output=True, check=False
                )
            assert loaded.returncode == 0, loaded.stderr
            yield engine
        finally:
            engine.close()

"""``python -m benchmarks.soak --minutes 30``: people at work for a while, and what that leaves behind.

Several projects are opened, run, typed into, stopped, killed, deleted and made anew, all at random and all at once. What
the server and the engine hold is sampled; at the end everything is deleted, and nothing may be left. The exit code is 1
when something is, or when the server's memory or descriptors grew.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.client import Refused
from benchmarks.machine import rss
from benchmarks.peers.engine import Engine
from benchmarks.product import Product, Project

EVERY_SEC: Final = 5.0
SETTLE_SEC: Final = 5.0
GROWTH_MIB: Final = 25.0
"""How much the server's memory may grow from a quarter of the time on."""
GROWTH_DESCRIPTORS: Final = 10
NODE: Final = "def main():\n    print('x' * 1000)\n    return list(range(1000))\n"
QUOTA: Final = os.geteuid() == 0
"""Workspaces with a quota are loop devices, which leak most easily; they need root."""
SETTINGS: Final = {
    "AIMFORGE_MEMORY": str(256 * 2**20),
    "AIMFORGE_PIDS": "128",
    "AIMFORGE_DISK": str(256 * 2**20),
    "AIMFORGE_DISK_QUOTA": str(QUOTA).lower(),
    "AIMFORGE_IDLE_PAUSE_SEC": "4",
    "AIMFORGE_IDLE_STOP_SEC": "8",
    "AIMFORGE_REAP_SEC": "1",
    "AIMFORGE_COUNTDOWN_SEC": "1",
    "AIMFORGE_RECONCILE_SEC": "10",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was held at a moment. ``at`` is seconds from the start, memory is MiB."""

    at: float
    memory: float
    descriptors: int
    containers: int
    volumes: int
    loop_devices: int
    sockets: int
    """Files of sockets in the data directory."""


@dataclass
class Counts:
    """What was done and how it ended; several threads count."""

    done: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])


class Worker(threading.Thread):
    """One person, with one project at a time."""

    def __init__(self, product: Product, number: int, over: threading.Event, counts: Counts) -> None:
        super().__init__(daemon=True)
        self._product = product
        self._number = number
        self._over = over
        self._counts = counts
        self._random = random.Random(number)
        self._project: Project | None = None
        self._node = ""

    def run(self) -> None:
        """Do one thing after the other until it is over; then leave no project."""
        actions: dict[str, tuple[Callable[[Project], None], int]] = {
            "run": (self._run, 40),
            "terminal": (self._type, 15),
            "open": (lambda project: project.call("POST", "/sandbox/start?wait=true"), 15),
            "stop": (lambda project: project.call("POST", "/sandbox/stop"), 8),
            "kill": (self._kill, 8),
            "restart": (lambda project: project.call("POST", "/sandbox/restart"), 4),
            "rest": (lambda _: time.sleep(self._random.uniform(0, 6)), 6),
            "delete": (self._remove, 4),
        }
        names, weights = list(actions), [weight for _, weight in actions.values()]
        while not self._over.is_set():
            (name,) = self._random.choices(names, weights)
            try:
                project = self._project or self._make()
                actions[name][0](project)
                self._counts.done[name] += 1
            except Refused as error:
                # What was killed or stopped a moment ago may be refused, with a sentence.
                self._counts.refused[f"{name}: {str(error)[:60]}"] += 1
            except Exception as error:  # noqa: BLE001  whatever it is, it is told at the end
                self._counts.faults.append(f"{name}: {type(error).__name__}: {error}"[:300])
        if self._project is not None:
            self._remove(self._project)

    def _make(self) -> Project:
        project = self._product.make(f"soak {self._number}")
        self._project = project
        project.ready()
        self._node = project.node("Node", NODE)
        return project

    def _run(self, project: Project) -> None:
        body = {"project_id": project.id, "node_id": self._node, "use_cache": False, "timeout_sec": 60}
        self._counts.done[self._product.call("POST", "/api/code/execute-node", body)["status"]] += 1

    def _type(self, project: Project) -> None:
        terminal = project.terminal()
        terminal.command("ls -l / | wc -l")
        terminal.socket.close()
        if self._random.random() < 0.5:
            for each in project.call("GET", "/terminals"):
                project.call("DELETE", f"/terminals/{each['id']}")

    def _kill(self, project: Project) -> None:
        try:
            container = project.container()["Id"]
        except LookupError:
            return
        subprocess.run(("docker", "kill", container), capture_output=True, check=False)

    def _remove(self, project: Project) -> None:
        self._project = None
        project.delete()


def sample(product: Product, since: float) -> Sample:
    """Look at everything that could leak."""
    engine = Engine()
    volumes = engine.call("GET", "/volumes")["Volumes"] or []
    return Sample(
        at=round(time.monotonic() - since, 1),
        memory=round(rss(product.pid), 1),
        descriptors=len(list(Path(f"/proc/{product.pid}/fd").iterdir())),
        containers=len(engine.listed(product.deployment)),
        volumes=sum(each["Name"].startswith(f"aimforge-{product.deployment}-") for each in volumes),
        loop_devices=loop_devices(product.folder),
        sockets=sockets(product.folder / "run"),
    )


def loop_devices(folder: Path) -> int:
    """Count the loop devices whose file is in a folder."""
    listed = subprocess.run(
        ("losetup", "--list", "--noheadings", "--output", "BACK-FILE"), capture_output=True, check=False
    )
    return sum(str(folder) in line for line in listed.stdout.decode().splitlines())


def sockets(folder: Path) -> int:
    """Count the socket files below a folder, which come and go meanwhile: ``os.walk`` passes over what is gone."""
    return sum(name.endswith(".sock") for _, _, names in os.walk(folder) for name in names)


def slope(samples: Sequence[Sample], of: str) -> float:
    """Return the least squares' slope of a value, an hour."""
    values = [(each.at / 3600, float(getattr(each, of))) for each in samples]
    mean_x = sum(x for x, _ in values) / len(values)
    mean_y = sum(y for _, y in values) / len(values)
    spread = sum((x - mean_x) ** 2 for x, _ in values)
    return sum((x - mean_x) * (y - mean_y) for x, y in values) / spread if spread else 0.0


def soak(minutes: float, people: int) -> tuple[list[Sample], Sample, Counts]:
    """Let people work; return the samples, the one after everything was deleted, and what was done."""
    counts, over, samples = Counts(), threading.Event(), list[Sample]()
    with Product(SETTINGS) as product:
        since = time.monotonic()
        samples.append(sample(product, since))
        workers = [Worker(product, number, over, counts) for number in range(people)]
        for worker in workers:
            worker.start()
        while time.monotonic() - since < minutes * 60:
            time.sleep(EVERY_SEC)
            samples.append(sample(product, since))
            if len(samples) % 12 == 0:
                print(samples[-1], flush=True)
        over.set()
        for worker in workers:
            worker.join(180)
        time.sleep(SETTLE_SEC)
        return samples, sample(product, since), counts


def judge(samples: Sequence[Sample], last: Sample, counts: Counts) -> list[str]:
    """Return what is not as it should be, a sentence each."""
    first, warm = samples[0], samples[len(samples) // 4]
    late = samples[-max(1, len(samples) // 8) :]
    memory = sum(each.memory for each in late) / len(late)
    found = [
        f"{getattr(last, name)} {name} are left, {getattr(first, name)} were there before"
        for name in ("containers", "volumes", "loop_devices", "sockets")
        if getattr(last, name) > getattr(first, name)
    ]
    # A server that refuses everything is flat too.
    if counts.refused.total() > counts.done["succeeded"]:
        found.append(
            f"{counts.refused.total()} things were refused, and only {counts.done['succeeded']} runs succeeded"
        )
    if memory - warm.memory > GROWTH_MIB:
        found.append(f"the server's memory grew by {memory - warm.memory:.0f} MiB after it was warm")
    if last.descriptors - first.descriptors > GROWTH_DESCRIPTORS:
        found.append(f"the server holds {last.descriptors - first.descriptors} descriptors more than at its start")
    return found


def main() -> int:
    """Run; the exit code is 1 when something was left or grew."""
    # Ended from outside, it still removes what it made.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="People at work for a while.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=4, help="how many work at once, each in a project of their own")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to a file")
    options = parser.parse_args()
    print(f"load before: {machine.load()}", flush=True)
    samples, last, counts = soak(options.minutes, options.people)
    late = samples[len(samples) // 4 :]
    print(f"\nfirst {samples[0]}\nwarm  {late[0]}\nend   {samples[-1]}\nafter {last}")
    for name in ("memory", "descriptors", "sockets"):
        print(f"slope of {name} from a quarter of the time on: {slope(late, name):+.1f} an hour")
    print(f"done: {dict(counts.done)}\nrefused: {dict(counts.refused)}\nload after: {machine.load()}")
    found = judge(samples, last, counts) + [f"fault: {each}" for each in counts.faults[:20]]
    for each in found:
        print(f"NOT FLAT: {each}" if not each.startswith("fault") else each, file=sys.stderr)
    if options.json:
        told = {"samples": [asdict(each) for each in (*samples, last)], "done": counts.done, "refused": counts.refused}
        options.json.write_text(json.dumps({**told, "faults": counts.faults}, indent=1) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

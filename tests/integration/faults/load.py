"""People at work: runs one after the other in several projects, each counted in its workspace and by who asked for it."""

import json
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

from tests.integration.roles.processes import Api

COUNT = """
import os
def main():
    file = os.open("/workspace/count", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"x")
    os.fsync(file)
    return os.fstat(file).st_size
"""
TYPED = frozenset({"unavailable", "sandbox_failed", "timed_out"})
"""Errors that people are told while something is away; any other is a fault."""


@dataclass
class Worker:
    """One project, and what its runs came to. ``api`` says where the server is now, which changes when it is replaced."""

    api: Callable[[], Api]
    project_id: str
    node: str
    asked: int = 0
    answered: int = 0
    counted: int = 0
    """What the last answer said that the workspace holds."""
    ends: Counter[str] = field(default_factory=Counter[str])
    broken_off: int = 0

    def run_once(self) -> None:
        """Run the node; note how it ended."""
        self.asked += 1
        body = {"project_id": self.project_id, "node_id": self.node, "use_cache": False}
        try:
            ran = self.api().call("POST", "/api/code/execute-node", body)
        except urllib.error.HTTPError as error:
            with error:
                self.ends[json.load(error)["error"]] += 1
            time.sleep(0.1)
        except (OSError, HTTPException, json.JSONDecodeError):
            # The server itself is away, or went in the middle of its answer.
            self.broken_off += 1
            time.sleep(0.1)
        else:
            self.ends[ran["status"]] += 1
            if ran["status"] == "succeeded":
                self.answered += 1
                self.counted = int(ran["output"]["mime"]["text/plain"])


@contextmanager
def at_work(workers: list[Worker]) -> Generator[None]:
    """Let all of them run until the block ends."""
    over = threading.Event()

    def work(worker: Worker) -> None:
        while not over.is_set():
            worker.run_once()

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(150)

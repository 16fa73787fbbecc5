"""Memory itself: one copy of an array."""

from typing import Any

from benchmarks.product import Project

COPY = """
import time
import numpy as np

def main():
    source = np.ones(25_000_000)
    target = np.zeros_like(source)
    found = []
    for _ in range(5):
        start = time.monotonic()
        np.copyto(target, source)
        found.append((time.monotonic() - start) * 1000)
    return found
"""


def copies(project: Project, node: str) -> Any:
    """Return how many milliseconds a copy of 200 MB takes in the same sandbox, five times, with a touched target."""
    result = project.run_node(node)
    return result["output"]["mime"]["application/json"]

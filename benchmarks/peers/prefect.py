"""Prefect 3, in process with its temporary server."""

from typing import Final

from benchmarks.peers.private import python_with, run_script

REQUIREMENTS: Final = ("prefect==3.8.8", "fastapi==0.140.13")
"""With a newer FastAPI, which Prefect allows, its temporary server does not start."""
NAME: Final = "Prefect 3.8.8 in process"


def chain(length: int, count: int) -> list[float]:
    """Return how many milliseconds ``length`` tasks of fibo(10) in a row take, ``count`` times."""
    return run_script(python_with("prefect", *REQUIREMENTS), "prefect_chain.py", length, count)["ms"]

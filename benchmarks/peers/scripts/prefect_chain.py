"""Forty tasks in a row in Prefect, in process. Prints {"ms": [...]}, the first and cold flow left out."""

# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
import json
import logging
import os
import sys
import tempfile
import time

os.environ.setdefault("PREFECT_HOME", tempfile.mkdtemp())
os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "180"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

from prefect import flow, task

logging.disable(logging.WARNING)


def fibo(n: int) -> int:
    return n if n < 2 else fibo(n - 1) + fibo(n - 2)


@task
def step(_: int | None) -> int:
    return fibo(10)


@flow
def chain(length: int) -> int | None:
    value: int | None = None
    for _ in range(length):
        value = step(value)
    return value


def main() -> None:
    length, count = int(sys.argv[1]), int(sys.argv[2])
    chain(length)
    found: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        chain(length)
        found.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": found}), flush=True)


main()

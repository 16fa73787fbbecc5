"""How long it took until all was well again: printed, never a bar. `pytest -rP` shows it, `make soak` has bars of its own."""

import time


def report(fault: str, what: str, since: float) -> float:
    """Print how many seconds passed from ``since`` (monotonic) until ``what``; returns them."""
    seconds = time.monotonic() - since
    print(f"recovery | {fault} | {what} | {seconds:.2f} s")
    return seconds

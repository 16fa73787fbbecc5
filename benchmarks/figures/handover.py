"""A NumPy array of 200 MB from one node to the next."""

from benchmarks.bench import Bench
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.memory import COPY, copies

MAKE = """
import time
import numpy as np

def main():
    array = np.ones(25_000_000)
    return {"array": array, "returned": time.monotonic()}
"""
# The clock is the machine's, so two processes can compare it. One number of each page is read, so that the array is
# really there.
TAKE = """
import time

def main(input_data):
    entered = time.monotonic()
    total = float(input_data["array"][::512].sum())
    seen = time.monotonic()
    returned = input_data["returned"]
    return [(entered - returned) * 1000, (seen - returned) * 1000, total]
"""


def measure(bench: Bench) -> list[Row]:
    """Measure from the first node's return to the second's sight of every page; a plain copy in the same sandbox."""
    entered: list[float] = []
    seen: list[float] = []
    copied: list[float] = []
    with bench.product.project() as project:
        make, take, copy = (project.node(*each) for each in (("Make", MAKE), ("Take", TAKE), ("Copy", COPY)))
        project.edge(make, take)
        project.install("numpy")
        both = {"project_id": project.id, "until_node_id": take, "use_cache": False}
        for _ in range(bench.count(7) + 1):
            ran = bench.product.call("POST", "/api/project/execute-flow", both)
            if ran["status"] != "succeeded":
                raise RuntimeError(f"The array was not handed over: {ran}")
            until_main, until_seen, _ = ran["nodes"][take]["output"]["mime"]["application/json"]
            entered.append(until_main)
            seen.append(until_seen)
            copied += copies(project, copy)
    del entered[0], seen[0]
    peer = "memcpy of 200 MB"
    return [
        Row(label="200 MB handed over", unit="ms", ours=seen, peer_name=peer, peer=copied, bar=Bar(Compare.RATIO, 2.5)),
        Row(label="200 MB, until main is called", unit="ms", ours=entered, peer_name=peer, peer=copied),
    ]


FIGURE = Figure(name="handover", title="200 MB NumPy array handed from node to node", measure=measure)

"""``python -m benchmarks.recovery --rounds 5``: how long it takes after each fault until all is well again, as one table.

The faults are those of ``tests/integration/faults``, which break real engines, databases, disks and processes, and say when it
worked again. The exit code is 1 when one of them failed; its times are then left out.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks import machine

ROOT: Final = Path(__file__).resolve().parents[1]
FAULTS: Final = "tests/integration/faults"
TOLD: Final = re.compile(r"^recovery \| (?P<fault>.+?) \| (?P<what>.+?) \| (?P<seconds>[0-9.]+) s$", re.MULTILINE)
Times = dict[tuple[str, str], list[float]]
"""Seconds of each round, by fault and what was waited for."""


def one_round(only: str) -> tuple[str, bool]:
    """Break everything once; return what the tests that passed have printed, and whether all have."""
    command = [sys.executable, "-m", "pytest", "-q", "-rP", "-p", "no:cacheprovider", FAULTS]
    done = subprocess.run(
        [*command, *(("-k", only) if only else ())], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print("\n".join(line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "E  "))))
    return done.stdout, done.returncode == 0


def gather(times: Times, printed: str) -> None:
    """Add the times of a round."""
    for told in TOLD.finditer(printed):
        times[told["fault"], told["what"]].append(float(told["seconds"]))


def table(times: Mapping[tuple[str, str], Sequence[float]]) -> str:
    """Write the times as Markdown, in the order in which they came."""
    lines = ["| fault | again | median | of all rounds |", "|---|---|---|---|"]
    for (fault, what), seconds in times.items():
        spread = f"{min(seconds):.1f}–{max(seconds):.1f} s, n={len(seconds)}"
        lines.append(f"| {fault} | {what} | {statistics.median(seconds):.1f} s | {spread} |")
    return "\n".join(lines)


def main() -> int:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each fault is made")
    parser.add_argument("--only", default="", help="faults whose test has this in its name, as pytest's -k")
    parser.add_argument("--json", type=Path, help="file for the times and the state of the machine")
    options = parser.parse_args()
    state = machine.state() | {"idle_before": round(machine.idle_share(), 2)}
    print(f"{state['at']}, {state['cores']} cores, load {state['load']}, idle {state['idle_before']:.0%}", flush=True)
    times: Times = defaultdict(list)
    whole = True
    for number in range(options.rounds):
        printed, good = one_round(options.only)
        gather(times, printed)
        whole = whole and good
        print(f"round {number + 1} of {options.rounds}: {'done' if good else 'not whole'}", flush=True)
    state["load_after"] = machine.load()
    print(f"\n{table(times)}\n\nload after: {state['load_after']}")
    if options.json:
        rows = [{"fault": fault, "what": what, "seconds": seconds} for (fault, what), seconds in times.items()]
        options.json.write_text(json.dumps({"machine": state, "rows": rows}, indent=1, ensure_ascii=False) + "\n")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())

"""``python -m benchmarks``: measure figures and print them as a table."""

import argparse
import importlib
import json
import pkgutil
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from benchmarks import figures, machine
from benchmarks.bench import Bench
from benchmarks.figure import Figure, Row, table


def all_figures() -> dict[str, Figure]:
    """Return the figures by name, in order of their modules."""
    modules = [
        importlib.import_module(f"{figures.__name__}.{module.name}")
        for module in pkgutil.iter_modules(figures.__path__)
    ]
    return {module.FIGURE.name: module.FIGURE for module in modules}


def main() -> int:
    """Run; the exit code is 1 when a figure could not be measured. A bar that is missed is no failure."""
    # Ended from outside, it still removes what it made.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    known = all_figures()
    options = arguments()
    if options.list:
        print("\n".join(f"{figure.name:20} {figure.title}" for figure in known.values()))
        return 0
    unknown = sorted(set(options.only) - known.keys())
    if unknown:
        print(f"There is no figure {', '.join(unknown)}. `--list` shows those that there are.", file=sys.stderr)
        return 2
    chosen = [figure for name, figure in known.items() if not options.only or name in options.only]
    state = machine.state()
    state["idle_before"] = round(machine.idle_share(), 2)
    print(describe(state), flush=True)
    rows, failures = measure(chosen, quick=options.quick)
    state["load_after"] = machine.load()
    state["idle_after"] = round(machine.idle_share(), 2)
    print(f"\n{table(rows)}\n" if rows else "")
    for row in rows:
        if row.note:
            print(f"{row.label}: {row.note}")
    print(f"load after: {state['load_after']}, idle {state['idle_after']:.0%}")
    for name, failure in failures.items():
        print(f"not measured: {name}: {failure}", file=sys.stderr)
    if options.json:
        found = {"machine": state, "rows": [row.plain() for row in rows], "failures": failures, "quick": options.quick}
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return 1 if failures else 0


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the published figures.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="measure these figures")
    parser.add_argument("--list", action="store_true", help="list the figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to a file")
    parser.add_argument("--quick", action="store_true", help="a few measurements each, to see that all works")
    return parser.parse_args()


def measure(chosen: list[Figure], *, quick: bool) -> tuple[list[Row], dict[str, str]]:
    """Measure figures; one that fails does not keep the others from being measured."""
    rows: list[Row] = []
    failures: dict[str, str] = {}
    with Bench(quick=quick) as bench:
        for figure in chosen:
            print(f"… {figure.title}", file=sys.stderr, flush=True)
            try:
                rows += figure.measure(bench)
            except Exception as error:  # noqa: BLE001 - whatever breaks one figure is told with it
                traceback.print_exc()
                failures[figure.name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return rows, failures


def describe(state: dict[str, Any]) -> str:
    """Say what was measured on, in a few lines."""
    packages = ", ".join(f"{name} {version}" for name, version in state["packages"].items())
    return (
        f"{state['at']}: {state['cores']} cores, {state['memory_gib']} GiB, Linux {state['kernel']}, "
        f"engine {state['engine']}, Python {state['python']}, commit {state['commit']}\n"
        f"{packages}\nload before: {state['load']}, idle {state['idle_before']:.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())

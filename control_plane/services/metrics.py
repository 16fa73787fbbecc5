"""Figures in Prometheus' text form. They name no person and no project, so their number is bounded."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Final

BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper ends of the start durations' buckets, in seconds."""

ANSWER_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
"""The same for answers."""


class Histogram:
    """Counts durations by bucket."""

    def __init__(self, buckets: tuple[float, ...] = BUCKETS) -> None:
        self._buckets = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._buckets, seconds)] += 1
        self._sum += seconds

    def lines(self, name: str) -> list[str]:
        """Return the samples."""
        lines: list[str] = []
        total = 0
        for bound, count in zip((*(f"{b:g}" for b in self._buckets), "+Inf"), self._counts, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self._sum:g}", f"{name}_count {total}"]


class Metrics:
    """What this process counted since it started."""

    def __init__(self) -> None:
        self.starts = Histogram()
        self.ends: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.answers = Histogram(ANSWER_BUCKETS)
        self.runs: Counter[str] = Counter()
        self.egress_denied = 0
        self.egress_bytes: Counter[str] = Counter()
        self.audit_waiting = 0
        self.audit_lost = 0
        self.memory_bytes = 0
        self.cpu_seconds = 0.0

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer by the class of its status, and by how long its head took."""
        self.requests[f"{status // 100}xx"] += 1
        self.answers.observe(seconds)

    def text(self, sandboxes: Mapping[str, int], sockets: Mapping[str, int], *, engine_ready: bool = True) -> str:
        """Return everything in Prometheus' text form, with what is counted elsewhere."""
        lines = [
            *family("sandboxes", "gauge", "Sandboxes by state.", "state", sandboxes),
            *family("sockets", "gauge", "Open WebSockets by kind.", "kind", sockets),
            *family("requests_total", "counter", "HTTP answers by class of status.", "class", self.requests),
            *family("runs_total", "counter", "Runs that were asked for, by kind.", "kind", self.runs),
            *family("sandbox_ends_total", "counter", "Sandboxes that ended, by reason.", "reason", self.ends),
            *family(
                "egress_bytes_total",
                "counter",
                "Bytes that sandboxes sent and received.",
                "direction",
                self.egress_bytes,
            ),
            *single(
                "egress_denied_total", "counter", "Connections of sandboxes that were refused.", self.egress_denied
            ),
            *single("engine_ready", "gauge", "1 while sandboxes can be started, else 0.", int(engine_ready)),
            *single(
                "audit_waiting", "gauge", "Entries of the audit log that wait for the database.", self.audit_waiting
            ),
            *single("audit_lost_total", "counter", "Entries of the audit log that were given up.", self.audit_lost),
            *single("memory_bytes", "gauge", "Resident memory of this process.", self.memory_bytes),
            *single("cpu_seconds_total", "counter", "CPU time of this process.", self.cpu_seconds),
            *head("answer_seconds", "histogram", "Time until an answer's head; runs are answered when they end."),
            *self.answers.lines("aimforge_answer_seconds"),
            *head("sandbox_start_seconds", "histogram", "Time from asking for a sandbox until it is ready."),
            *self.starts.lines("aimforge_sandbox_start_seconds"),
        ]
        return "\n".join(lines) + "\n"


def head(name: str, kind: str, meaning: str) -> list[str]:
    """Return what comes before a family's samples."""
    return [f"# HELP aimforge_{name} {meaning}", f"# TYPE aimforge_{name} {kind}"]


def family(name: str, kind: str, meaning: str, label: str, values: Mapping[str, int]) -> list[str]:
    """Return a family with one label."""
    samples = [f'aimforge_{name}{{{label}="{value}"}} {count}' for value, count in sorted(values.items())]
    return [*head(name, kind, meaning), *samples]


def single(name: str, kind: str, meaning: str, value: float) -> list[str]:
    """Return a family with one sample."""
    return [*head(name, kind, meaning), f"aimforge_{name} {value}"]

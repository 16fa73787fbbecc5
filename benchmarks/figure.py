"""What a figure is, what it yields, and when its bar is met."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.bench import Bench


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which ``percent`` per cent lie, interpolated. Raises ``ValueError`` without values."""
    if not values:
        raise ValueError("There is no percentile of nothing.")
    ordered = sorted(values)
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(values: Sequence[float]) -> float:
    """Return the 50th percentile."""
    return percentile(values, 50)


class Compare(Enum):
    """What a bar looks at."""

    RATIO = "×"
    """Ours divided by the peer's."""
    DIFFERENCE = "+"
    """Ours minus the peer's."""
    VALUE = ""
    """Ours alone."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a row has to reach."""

    compare: Compare
    limit: float
    at_least: bool = False

    def met(self, ours: float, peer: float | None) -> bool:
        """Tell whether it was reached; a bar that needs a peer is not, without one."""
        value = self.looked_at(ours, peer)
        if value is None:
            return False
        return value >= self.limit if self.at_least else value <= self.limit

    def looked_at(self, ours: float, peer: float | None) -> float | None:
        """Return the number that the bar is about."""
        if self.compare is Compare.VALUE:
            return ours
        if peer is None or (self.compare is Compare.RATIO and peer == 0):
            return None
        return ours / peer if self.compare is Compare.RATIO else ours - peer

    def shown(self, unit: str) -> str:
        """Describe the bar in a few characters."""
        sign = "≥" if self.at_least else "≤"
        if self.compare is Compare.RATIO:
            return f"{sign} {number(self.limit)} ×"
        return f"{sign} {'+' if self.compare is Compare.DIFFERENCE else ''}{number(self.limit)} {unit}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. ``ours`` and ``peer`` are single measurements; ``percent`` says which percentile counts."""

    label: str
    unit: str
    ours: Sequence[float]
    peer_name: str = ""
    peer: Sequence[float] = ()
    percent: float = 50
    bar: Bar | None = None
    note: str = ""

    @property
    def our_value(self) -> float:
        """Our figure."""
        return percentile(self.ours, self.percent)

    @property
    def peer_value(self) -> float | None:
        """The peer's figure, None where there is no peer."""
        return percentile(self.peer, self.percent) if self.peer else None

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's."""
        peer = self.peer_value
        return self.our_value / peer if peer else None

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or ``reported`` where there is no bar."""
        if self.bar is None:
            return "reported"
        return "met" if self.bar.met(self.our_value, self.peer_value) else "missed"

    def plain(self) -> dict[str, Any]:
        """Return everything that was measured, for a file."""
        return {
            "label": self.label,
            "unit": self.unit,
            "percentile": self.percent,
            "ours": self.our_value,
            "ours_n": len(self.ours),
            "ours_samples": list(self.ours),
            "peer": self.peer_name,
            "peer_value": self.peer_value,
            "peer_n": len(self.peer),
            "peer_samples": list(self.peer),
            "ratio": self.ratio,
            "bar": self.bar.shown(self.unit) if self.bar else None,
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure: ``measure`` does the work and returns its rows."""

    name: str
    title: str
    measure: "Callable[[Bench], list[Row]]"


def number(value: float) -> str:
    """Show a number with three significant digits, or whole from 100 on."""
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    return f"{value:.{max(0, 2 - magnitude)}f}"


HEADINGS = ("figure", "ours", "peer", "ratio", "bar", "", "n")


def table(rows: Sequence[Row]) -> str:
    """Lay rows out in columns under their headings."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    ruled = [lines[0], tuple("─" * width for width in widths), *lines[1:]]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in ruled
    )


def _cells(row: Row) -> tuple[str, ...]:
    peer, ratio = row.peer_value, row.ratio
    statistic = f" p{row.percent:g}" if len(row.ours) > 1 else ""
    return (
        row.label,
        f"{number(row.our_value)} {row.unit}{statistic}",
        f"{number(peer)} {row.unit}  {row.peer_name}" if peer is not None else row.peer_name,
        f"{number(ratio)} ×" if ratio is not None else "",
        row.bar.shown(row.unit) if row.bar else "",
        row.verdict,
        f"{len(row.ours)}/{len(row.peer)}" if row.peer else f"{len(row.ours)}",
    )

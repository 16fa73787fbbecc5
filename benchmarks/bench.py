"""What figures are given: how often to measure, and the one server that most of them share."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from time import perf_counter

from benchmarks.product import Product


class Bench:
    """A context manager that owns the shared server. ``quick`` measures a few times only, to see that all works."""

    def __init__(self, *, quick: bool = False) -> None:
        self.quick = quick
        self._stack = ExitStack()
        self._product: Product | None = None

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._product = None

    @property
    def product(self) -> Product:
        """The shared server, started when it is first asked for, and anew when it ended in a figure before."""
        if self._product is None or not self._product.running:
            self._product = self._stack.enter_context(Product())
        return self._product

    def count(self, full: int, quick: int = 3) -> int:
        """Return how many measurements to make."""
        return quick if self.quick else full


def timed(action: Callable[[], object]) -> float:
    """Return how many milliseconds an action takes."""
    start = perf_counter()
    action()
    return (perf_counter() - start) * 1000


def in_turn(count: int, *actions: Callable[[], float]) -> Iterable[list[float]]:
    """Measure several things in turn, so that what disturbs the machine disturbs all of them; each one's samples."""
    samples: list[list[float]] = [[] for _ in actions]
    for _ in range(count):
        for action, found in zip(actions, samples, strict=True):
            found.append(action())
    return samples

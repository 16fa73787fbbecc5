"""Look-ups that are derived from one kind of record, and made anew only when a record of that kind has changed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from control_plane.domain.identity import Identity, Record

T = TypeVar("T", bound=Record)
V = TypeVar("V")
K = TypeVar("K")


class RecordIndex(Generic[T, V]):
    """``build`` is called with all records of ``kind``; its result is kept while ``Identity`` keeps their table."""

    def __init__(self, kind: type[T], build: Callable[[Iterable[T]], V]) -> None:
        self._kind = kind
        self._build = build
        self._table: Mapping[str, T] = {}
        self._value = build(())

    def of(self, identity: Identity) -> V:
        """Return what is derived from these records."""
        table = identity.all(self._kind)
        if table is not self._table:
            self._table, self._value = table, self._build(table.values())
        return self._value


def grouped(key: Callable[[T], K]) -> Callable[[Iterable[T]], Mapping[K, list[T]]]:
    """Build lists of records with the same key."""

    def build(records: Iterable[T]) -> Mapping[K, list[T]]:
        groups: dict[K, list[T]] = {}
        for record in records:
            groups.setdefault(key(record), []).append(record)
        return groups

    return build

"""The memory that is left on the machine."""

from typing import Protocol


class HostMemory(Protocol):
    """The memory of the machine that sandboxes run on."""

    def available(self) -> int | None:
        """Bytes that programs can still have; None where that is not known."""
        ...

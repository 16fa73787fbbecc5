"""A machine whose memory the tests set."""


class FakeHostMemory:
    """``ports.HostMemory``; ``free`` bytes are available."""

    def __init__(self) -> None:
        self.free: int | None = None

    def available(self) -> int | None:
        """Return what was set."""
        return self.free

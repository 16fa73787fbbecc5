"""A reader that has no other process."""

from collections.abc import Callable

from control_plane.domain.errors import AimforgeError


class FakeJsonReader:
    """``ports.JsonReader``: reads at once, whatever the size."""

    async def read(
        self,
        owner: str,
        work: Callable[..., bytes],
        body: bytes,
        *args: object,
        refusal: type[AimforgeError],
    ) -> bytes:
        """Do the work."""
        return work(body, *args)

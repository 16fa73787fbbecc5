"""Reading JSON that others wrote."""

from collections.abc import Callable
from typing import Protocol

from control_plane.domain.errors import AimforgeError


class JsonReader(Protocol):
    """Reads JSON of others, such that however it is made, nobody but its owner waits for it."""

    async def read(
        self,
        owner: str,
        work: Callable[..., bytes],
        body: bytes,
        *args: object,
        refusal: type[AimforgeError],
    ) -> bytes:
        """Return ``work(body, *args)``: a function of a module, and arguments that can be pickled.

        Raises the ``AimforgeError`` that the work raises, and ``refusal`` for what takes too long or too much memory. Those of
        one ``owner`` are read one after the other.
        """
        ...

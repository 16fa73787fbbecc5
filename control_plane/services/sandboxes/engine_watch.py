"""Whether sandboxes can be started now, as it was found last: asked once in a while, so that nobody who looks has to wait."""

from collections.abc import Callable
from typing import Final

import structlog

from control_plane.domain.errors import AimforgeError, ImageMissing
from control_plane.domain.unenforced import Unenforced
from control_plane.ports import Clock, SandboxRuntime

log = structlog.stdlib.get_logger()

EVERY_SEC: Final = 10.0
EVERY_SEC_WHILE_GONE: Final = 2.0
SENTENCES: Final = {
    "engine_unavailable": "The container engine does not answer: sandboxes that run go on, and none can be started.",
    "image_missing": "The sandbox image is missing: sandboxes that run go on, and none can be started.",
}
"""What anybody may be told; the log has the details."""


class EngineWatch:
    """``problem`` is a key of ``SENTENCES``, empty while sandboxes can be started; ``unenforced`` as the engine told it last."""

    def __init__(self, runtime: SandboxRuntime, clock: Clock, on_return: Callable[[], None] = lambda: None) -> None:
        """``on_return`` is called when sandboxes can be started again."""
        self._runtime = runtime
        self._clock = clock
        self._on_return = on_return
        self.problem = ""
        self.unenforced: frozenset[Unenforced] = frozenset()

    @property
    def can_pause(self) -> bool:
        """Tell whether a sandbox can be frozen."""
        return Unenforced.PAUSE not in self.unenforced

    @property
    def message(self) -> str:
        """Say what is wrong; empty when nothing is."""
        return SENTENCES.get(self.problem, "")

    async def run(self) -> None:
        """Ask again and again, until cancelled; more often while it is gone, so that its return is seen soon."""
        while True:
            await self.look()
            await self._clock.sleep(EVERY_SEC_WHILE_GONE if self.problem else EVERY_SEC)

    async def look(self) -> None:
        """Ask once."""
        before = self.problem
        try:
            unenforced = await self._runtime.check()
        except ImageMissing as error:
            self._note("image_missing", error.message)
        except AimforgeError as error:
            self._note("engine_unavailable", error.message)
        else:
            if unenforced - self.unenforced:
                log.warning("engine_does_not_enforce", what=sorted(unenforced))
            self.unenforced = unenforced
            self.problem = ""
            if before:
                log.info("engine_ready", after=before)
                self._on_return()

    def _note(self, problem: str, message: str) -> None:
        if problem != self.problem:
            log.warning("engine_not_ready", problem=problem, message=message)
        self.problem = problem

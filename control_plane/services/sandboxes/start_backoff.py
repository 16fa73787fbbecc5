"""What kept a sandbox from starting is not tried again at once, again and again: an open page asks every few seconds.

Each failure in a row for the same lasting cause doubles the wait, up to a minute. Whoever asks meanwhile gets the last
error, and how long it still holds. A person who presses *Start* is not held off; neither is anybody once it may be mended.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from control_plane.domain.errors import AimforgeError, EngineUnavailable, ImageMissing, SandboxFailed
from control_plane.domain.sandbox import EndReason

FIRST_SEC: Final = 1.0
LONGEST_SEC: Final = 60.0
LASTING_REASONS: Final = frozenset({EndReason.START_FAILED, EndReason.DISK_FULL, EndReason.OUT_OF_MEMORY})


def lasting_cause(error: AimforgeError) -> str:
    """Name what will probably fail again if it is tried at once; empty for what may be a matter of chance."""
    match error:
        case ImageMissing():
            return "image_missing"
        case EngineUnavailable():
            return "engine_gone"
        case SandboxFailed() if error.reason in LASTING_REASONS:
            return error.reason.value
        case _:
            return ""


@dataclass(slots=True)
class StartBackoff:
    """Of one sandbox. Times are monotonic seconds."""

    cause: str = ""
    failures: int = 0
    until: float = 0.0
    error: AimforgeError | None = None

    def failed(self, error: AimforgeError, now: float) -> None:
        """Note a failed start. The first that is no matter of the engine or the image is free: it may have been chance."""
        cause = lasting_cause(error)
        self.failures = self.failures + 1 if cause == self.cause else 1
        self.cause, self.error = cause, error
        free = 1 if isinstance(error, SandboxFailed) else 0
        self.until = now
        if cause and self.failures > free:
            self.until += min(LONGEST_SEC, FIRST_SEC * 2 ** min(self.failures - free - 1, 10))

    def forget(self) -> None:
        """Let the next start be tried at once: one succeeded, a person insists, or the cause may be gone."""
        self.cause, self.failures, self.until, self.error = "", 0, 0.0, None

    def let_pass(self) -> None:
        """Let one start be tried at once; if it fails as well, the wait goes on growing."""
        self.until = 0.0

    def check(self, now: float) -> None:
        """Raise the error of the last start while it holds."""
        if self.error is not None and now < self.until:
            self.error.detail["retry_after"] = ceil(self.until - now)
            raise self.error.with_traceback(None)

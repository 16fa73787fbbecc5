"""Runs that are over, on disk: summary, result and events of the last ones. Everything here blocks."""

import logging
import re
from pathlib import Path
from typing import Final

import msgspec

from sandbox_image.wire.runs import RunResult, RunStatus, RunSummary

logger = logging.getLogger(__name__)

KEPT: Final = 200
RUN_ID: Final = re.compile(r"[0-9a-f]{1,40}")


class History:
    """The folder ``.aimforge/runs``: ``<run>.summary.json``, ``<run>.json`` and ``<run>.ndjson`` for each run."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept

    def load(self) -> list[RunSummary]:
        """Return the summaries, oldest first. Runs that an earlier life of the agent did not end are lost."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found: list[RunSummary] = []
        for path in self._folder.glob("*.summary.json"):
            try:
                summary = msgspec.json.decode(path.read_bytes(), type=RunSummary)
            except (OSError, msgspec.DecodeError) as error:
                logger.warning("%s is damaged: %s", path.name, error)
                path.unlink(missing_ok=True)
                continue
            if summary.status in {RunStatus.QUEUED, RunStatus.RUNNING}:
                summary = msgspec.convert({**msgspec.to_builtins(summary), "status": RunStatus.LOST}, RunSummary)
                self.begin(summary)
            found.append(summary)
        return sorted(found, key=lambda summary: summary.created_at)

    def begin(self, summary: RunSummary) -> None:
        """Note a run that is going on. Raises ``OSError``."""
        self._write(f"{summary.run_id}.summary.json", msgspec.json.encode(summary))

    def end(self, summary: RunSummary, result: RunResult, events: list[bytes]) -> None:
        """Keep a run that is over, and drop the oldest ones. Raises ``OSError``."""
        self._write(f"{summary.run_id}.json", msgspec.json.encode(result))
        self._write(f"{summary.run_id}.ndjson", b"".join(line + b"\n" for line in events))
        self.begin(summary)

    def forget(self, run_id: str) -> None:
        """Delete a run."""
        for suffix in ("summary.json", "json", "ndjson"):
            (self._folder / f"{run_id}.{suffix}").unlink(missing_ok=True)

    def result(self, run_id: str) -> RunResult | None:
        """Return a run's result, None when it is not kept."""
        try:
            return msgspec.json.decode((self._folder / f"{run_id}.json").read_bytes(), type=RunResult)
        except (OSError, msgspec.DecodeError):
            return None

    def events(self, run_id: str) -> list[bytes]:
        """Return a run's events as lines."""
        try:
            return (self._folder / f"{run_id}.ndjson").read_bytes().splitlines()
        except OSError:
            return []

    @property
    def kept(self) -> int:
        """How many runs are kept."""
        return self._kept

    def _write(self, name: str, data: bytes) -> None:
        temporary = self._folder / f".{name}"
        temporary.write_bytes(data)
        temporary.replace(self._folder / name)

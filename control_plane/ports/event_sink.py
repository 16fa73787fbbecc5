"""Where the control plane tells what happens in a project."""

from typing import Any, Protocol


class EventSink(Protocol):
    """Takes what the control plane itself tells a project's viewers: dataclasses of ``wire/events.py``. Never blocks."""

    def publish(self, project_id: str, data: Any) -> None: ...

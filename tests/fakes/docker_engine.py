"""A container engine that records what it is asked for: for tests of what may be asked, not of what it does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from control_plane.adapters.docker.engine import Engine, EngineRefused


@dataclass
class Asked:
    method: str
    path: str
    params: Mapping[str, str | int]
    body: Mapping[str, Any]


@dataclass
class RecordingEngine(Engine):
    """``Engine`` in memory: ``things`` are containers by id, as ``inspect`` would show them.

    A container that is created stays; one that is started "ends" at once, so that a start comes back soon.
    """

    things: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    asked: list[Asked] = field(default_factory=list[Asked])

    @property
    def is_local(self) -> bool:
        return False

    async def close(self) -> None:
        return None

    async def last_words(self, container_id: str, lines: int) -> str:
        return ""

    async def call(  # noqa: PLR0911  # one line for each call
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout_sec: float = 60.0,
    ) -> Any:
        self.asked.append(Asked(method, path, params or {}, body or {}))
        match method, path.split("/"):
            case "GET", ["containers", "json"]:
                wanted = set(json.loads(str((params or {})["filters"]))["label"])
                return [{"Id": key} for key, thing in self.things.items() if wanted <= labels(thing)]
            case "POST", ["containers", "create"]:
                key = f"{len(self.things):064x}"
                self.things[key] = inspected(key, body or {})
                return {"Id": key}
            case "POST", ["containers", _, "wait"]:
                return {"StatusCode": 0}
            case "GET", ["containers", key, "json"] if key in self.things:
                return self.things[key]
            case "GET", ["volumes"]:
                return {"Volumes": list(self.volumes.values())}
            case "POST", ["volumes", "create"]:
                name = str((body or {})["Name"])
                self.volumes[name] = {"Name": name, "Mountpoint": "", "Labels": (body or {})["Labels"]}
                return self.volumes[name]
            case "GET", ["volumes", name] if name in self.volumes:
                return self.volumes[name]
            case "GET", ["images", *_]:
                return {"Id": "image"}
            case "GET", _:
                raise EngineRefused(404, "no such thing")
            case _:
                return None


def labels(thing: Mapping[str, Any]) -> set[str]:
    return {f"{name}={value}" for name, value in thing["Config"]["Labels"].items()}


def inspected(key: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What ``inspect`` shows of a container that ended."""
    return {
        "Id": key,
        "Created": "2026-01-01T00:00:00+00:00",
        "Image": "image",
        "Config": {"Labels": dict(body.get("Labels", {}))},
        "State": {"Status": "exited", "ExitCode": 0, "OOMKilled": False, "Running": False, "Paused": False},
    }

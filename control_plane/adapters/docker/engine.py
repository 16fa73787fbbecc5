"""The connection to the container engine. All calls pass here, so all failures become our errors here.

- ``EngineUnavailable``: no answer (nobody listens, the connection broke, it took too long).

  - ``EngineRefused``: the engine answered with an error, and the caller may know what its status means.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiodocker
import aiohttp

from control_plane.domain.errors import EngineUnavailable
from control_plane.domain.unenforced import Unenforced

CALL_TIMEOUT_SEC: Final = 60.0
"""An engine under load may need seconds to start a container; one that needs a minute is as good as gone."""

MENDING: Final = "Start it (scripts/engine) or point DOCKER_HOST at one; `aimforge doctor` tells more."


class EngineRefused(EngineUnavailable):
    """The engine answered with an error. ``status`` is HTTP's; 0 for a failure in the middle of a stream."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"The container engine refused: {message}", status=status)
        self.status = status
        self.reason = message


class Engine:
    """The engine that ``DOCKER_HOST`` names, or the one on the usual socket. Connects on first use; close it at the end."""

    _info: Mapping[str, Any] | None = None

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._docker: aiodocker.Docker | None = None

    @property
    def docker(self) -> aiodocker.Docker:
        """The client itself, for image work."""
        if self._docker is None:
            try:
                self._docker = aiodocker.Docker(self._url, timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_SEC))
            except (AssertionError, ValueError) as error:
                raise EngineUnavailable(f"There is no container engine here. {MENDING}") from error
        return self._docker

    @property
    def is_local(self) -> bool:
        """True when the engine is reached by a Unix socket, so that it may share this machine's files."""
        return self.docker.docker_host.startswith("unix://")

    async def close(self) -> None:
        """Close the connection. The engine and its containers go on."""
        if self._docker is not None:
            await self._docker.close()
            self._docker = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout_sec: float = CALL_TIMEOUT_SEC,
    ) -> Any:
        """Ask the engine and return its decoded answer (None when it is empty).

        Raises ``EngineRefused`` for an answer of 400 or more, ``EngineUnavailable`` when there is none.
        """
        with_timeout = aiohttp.ClientTimeout(total=timeout_sec)
        async with self.reaching():
            return await self.docker._query_json(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
                path, method, params=params, data=body, timeout=with_timeout
            )

    async def remaps_users(self) -> bool:
        """Tell whether user ids in containers are others than on the machine: userns-remap, or a rootless engine."""
        options: list[str] = (await self._told()).get("SecurityOptions") or []
        return bool({"name=userns", "name=rootless"} & {option.partition(",")[0] for option in options})

    async def unenforced(self) -> frozenset[Unenforced]:
        """Return what this engine cannot do to containers. Asked once: it follows from how the machine was started."""
        return unenforced(await self._told())

    async def _told(self) -> Mapping[str, Any]:
        told = self._info or await self.call("GET", "info")
        self._info = told
        return told

    async def events(self, filters: Mapping[str, list[str]], since: str) -> AsyncGenerator[dict[str, Any]]:
        """Yield the engine's events as they come, from ``since`` (seconds since 1970) on. Ends when the engine hangs up."""
        params = {"filters": json.dumps(filters), "since": since}
        without_timeout = aiohttp.ClientTimeout(sock_connect=CALL_TIMEOUT_SEC)
        async with self.reaching():
            query = self.docker._query  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType]
            async with query("events", params=params, timeout=without_timeout) as response, response:
                async for line in response.content:
                    yield json.loads(line)

    async def last_words(self, container_id: str, lines: int) -> str:
        """Return the last lines that a container wrote."""
        async with self.reaching():
            container = self.docker.containers.container(container_id)  # pyright: ignore[reportUnknownMemberType]
            written = await container.log(stdout=True, stderr=True, tail=lines)  # pyright: ignore[reportUnknownMemberType]
        return "".join(written)

    @asynccontextmanager
    async def reaching(self) -> AsyncGenerator[None]:
        """Turn what goes wrong between us and the engine into ``EngineUnavailable``."""
        try:
            yield
        except aiodocker.DockerError as error:
            if error.status >= 900:  # aiodocker's own number for "cannot connect"
                raise EngineUnavailable(f"The container engine does not answer. {MENDING}") from error
            raise EngineRefused(error.status, error.message) from error
        except (aiohttp.ClientError, ConnectionError, FileNotFoundError) as error:
            raise EngineUnavailable(f"The container engine does not answer ({error}). {MENDING}") from error
        except TimeoutError as error:
            raise EngineUnavailable("The container engine took too long to answer. Try again in a moment.") from error


def unenforced(info: Mapping[str, Any]) -> frozenset[Unenforced]:
    """Read off the engine's answer to ``info`` what it cannot do. What it does not tell of, it can."""
    flags = {Unenforced.MEMORY: "MemoryLimit", Unenforced.CPUS: "CpuCfsQuota", Unenforced.PIDS: "PidsLimit"}
    missing = {each for each, flag in flags.items() if info.get(flag) is False}
    return frozenset(missing | ({Unenforced.PAUSE} if info.get("CgroupDriver") == "none" else set()))

"""``ports.SandboxRuntime`` on Docker: the only code that creates, starts, stops and removes containers."""

import asyncio
import errno
import json
import math
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar, cast
from weakref import WeakValueDictionary

import structlog

from control_plane.adapters.docker.ends import Ends
from control_plane.adapters.docker.engine import CALL_TIMEOUT_SEC, Engine, EngineRefused
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, GENERATION_LABEL, PROJECT_LABEL, container_name
from control_plane.adapters.docker.reading import container_of, is_sandbox
from control_plane.adapters.docker.spec import ContainerSettings, changeable_limits, container_config
from control_plane.adapters.docker.workspace import VolumeWorkspaces, Workspaces
from control_plane.adapters.handover import Offer, Sockets
from control_plane.adapters.porters import Porters, channel_for, needs_porter
from control_plane.domain.errors import AimforgeError, Conflict, EngineUnavailable, ImageMissing, SandboxFailed
from control_plane.domain.sandbox import EndReason, Limits
from control_plane.domain.unenforced import Unenforced
from control_plane.ports import AgentAddress, Container, ContainerState, SandboxSpec

T = TypeVar("T")
log = structlog.stdlib.get_logger()
ACCEPT_AGAIN_SEC: Final = 5.0
HANDOVER_TIMEOUT_SEC: Final = 60.0
SERVER_FULL: Final = "There is no room on the server's disk to start the sandbox. Ask whoever runs it; nothing is lost."
UNCOLLECTED: Final = "is zombie and can not be killed"
"""What an engine says of a container whose process is dead, and not collected yet by who has to: Docker with runsc does at times."""
UNCOLLECTED_WAITS_SEC: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
NOT_REMOVED: Final = (
    "The engine cannot remove the sandbox yet: its process ended and was not collected. Try again in a moment."
)
LAST_LINES: Final = 20
LONGEST_REPORT: Final = 2000


class DockerRuntime:
    """Sandboxes of one deployment on one engine. ``agent_settings`` is what every agent is told at its start.

    ``workspaces`` are volumes of the engine unless others are given, such as those with a quota. Call ``close`` at the end.
    """

    def __init__(
        self,
        engine: Engine,
        settings: ContainerSettings,
        sockets: Sockets,
        agent_settings: Mapping[str, Any] | None = None,
        workspaces: Workspaces | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._sockets = sockets
        self._agent_settings = dict(agent_settings or {})
        self._workspaces = workspaces or VolumeWorkspaces(engine, settings)
        self._porters = Porters(sockets)
        self._turns = WeakValueDictionary[str, asyncio.Lock]()
        """One a project, while somebody starts or deletes it."""

    async def close(self) -> None:
        """Accept no more for agents that cannot; they go on and wait for the next control plane. The engine stays open."""
        await self._porters.close()

    # ── Starting ──────────────────────────────────────────────────────────────────────────────────────────────

    async def check(self) -> frozenset[Unenforced]:
        """Return what the engine cannot do. Raises what keeps every sandbox from being started now: no engine, no image."""
        if await self._image_id() is None:
            raise self._image_missing()
        return await self._engine.unenforced()

    def _image_missing(self) -> ImageMissing:
        image = self._settings.image
        return ImageMissing(f"The sandbox image {image} is not there. Run `aimforge image ensure`.", image=image)

    async def start(self, spec: SandboxSpec) -> Container:
        """Start a sandbox; whatever of this project ran before is removed. Returns when its agent took its socket."""
        async with self._turn(spec.project_id):
            try:
                return await self._start(spec)
            except (EngineRefused, OSError) as error:
                if not tells_full_disk(error):
                    raise
                raise SandboxFailed(SERVER_FULL, EndReason.DISK_FULL) from error

    def _turn(self, project_id: str) -> asyncio.Lock:
        """Return the lock by which a start that was called off has cleaned up before its project is deleted."""
        return self._turns.setdefault(project_id, asyncio.Lock())

    async def _start(self, spec: SandboxSpec) -> Container:
        await self._remove_containers(spec.project_id)
        workspace = await finished(self._workspaces.ensure(spec))
        address = AgentAddress(project_id=spec.project_id, generation=spec.generation)
        name = container_name(self._settings.deployment, spec.project_id, spec.generation)
        with channel_for(self._settings.runtime) as channel:
            theirs = None if channel is None else channel.theirs
            async with self._sockets.offer(address, spec.uid, self._agent_settings, theirs) as offer:
                try:
                    container_id = await finished(self._create(name, spec, offer, workspace))
                    await self._begin(container_id, spec)
                    await self._until_taken(container_id, offer)
                    inspected = await self._ours(container_id)
                except BaseException:
                    await asyncio.shield(self._discard(name))
                    raise
                if channel is not None:
                    self._porters.begin(address, offer.listener.dup(), channel.ours.dup())
        if inspected is None:
            raise SandboxFailed("The sandbox was removed while it started. Try again.", EndReason.START_FAILED)
        return container_of(inspected, None)

    async def _create(self, name: str, spec: SandboxSpec, offer: Offer, workspace: str) -> str:
        config = container_config(spec, self._settings, str(offer.run_dir), workspace)
        try:
            created = await self._engine.call("POST", "containers/create", params={"name": name}, body=config)
        except EngineRefused as error:
            if error.status == 404 and "no such image" in error.reason.lower():
                raise self._image_missing() from error
            raise _start_failed(error) from error
        return created["Id"]

    async def _begin(self, container_id: str, spec: SandboxSpec) -> None:
        try:
            await self._engine.call("POST", f"containers/{container_id}/start")
        except EngineRefused as error:
            raise _start_failed(error, project=spec.project_id) from error

    async def _until_taken(self, container_id: str, offer: Offer) -> None:
        """Wait until the agent took its socket; a container that ends before is told of with its last words."""
        taken = asyncio.ensure_future(offer.taken())
        ended = asyncio.ensure_future(
            self._engine.call("POST", f"containers/{container_id}/wait", timeout_sec=2 * HANDOVER_TIMEOUT_SEC)
        )
        try:
            await asyncio.wait((taken, ended), timeout=HANDOVER_TIMEOUT_SEC, return_when=asyncio.FIRST_COMPLETED)
            if taken.done():
                taken.result()
            else:
                raise await self._why_not_taken(container_id)
        finally:
            for future in (taken, ended):
                future.cancel()
            await asyncio.gather(taken, ended, return_exceptions=True)

    async def _why_not_taken(self, container_id: str) -> SandboxFailed:
        container = await self.inspect(container_id)
        if container is None:
            return SandboxFailed("The sandbox was removed while it started. Try again.", EndReason.START_FAILED)
        words = (await self._engine.last_words(container_id, LAST_LINES))[-LONGEST_REPORT:]
        if container.end_reason is EndReason.OUT_OF_MEMORY:
            return SandboxFailed("The sandbox has too little memory to start.", EndReason.OUT_OF_MEMORY, log=words)
        if container.exit_code is not None and tells_full_disk(words):
            message = f"The sandbox's agent found no room on the disk. {words}".strip()
            return SandboxFailed(message, EndReason.DISK_FULL, log=words)
        what = f"ended with code {container.exit_code}" if container.exit_code is not None else "did not answer in time"
        return SandboxFailed(f"The sandbox's agent {what}. {words}".strip(), EndReason.START_FAILED, log=words)

    # ── What runs ─────────────────────────────────────────────────────────────────────────────────────────────

    async def pause(self, container_id: str) -> None:
        """Freeze a sandbox. Raises ``SandboxFailed`` when it does not run, ``EngineRefused`` when it goes on running."""
        await self._switch(container_id, "pause", ContainerState.PAUSED)

    async def resume(self, container_id: str) -> None:
        """Thaw a sandbox. Raises ``SandboxFailed`` when it is gone."""
        await self._switch(container_id, "unpause", ContainerState.RUNNING)

    async def _switch(self, container_id: str, verb: str, wanted: ContainerState) -> None:
        container = await self.inspect(container_id)
        if container is not None and container.state is wanted:
            return
        try:
            if container is not None:
                await self._engine.call("POST", f"containers/{container_id}/{verb}")
                return
        except EngineRefused as error:
            container = await self.inspect(container_id)
            if container is not None and container.state is wanted:
                return
            if container is not None and container.state is ContainerState.RUNNING:
                raise
            reason = (container and container.end_reason) or EndReason.CRASHED
            raise SandboxFailed(f"The sandbox cannot {verb}: {error.reason}", reason) from error
        raise SandboxFailed("The sandbox is gone. It starts again on the next action.", EndReason.CRASHED)

    async def stop(self, container_id: str, grace_sec: float = 3.0) -> None:
        """Stop and remove a container. Its agent has ``grace_sec`` to end; its workspace stays."""
        inspected = await self._ours(container_id)
        if inspected is None:
            return
        if inspected["State"]["Running"] and not inspected["State"]["Paused"]:
            grace = math.ceil(grace_sec)
            await self._tolerant("POST", f"containers/{container_id}/stop", {"t": grace}, CALL_TIMEOUT_SEC + grace)
        await self._remove(container_id)
        address = _address_of(inspected)
        self._porters.forget(address)
        self._sockets.forget(address)

    async def update_limits(self, container_id: str, limits: Limits) -> None:
        """Change memory, CPU and process limits of a running sandbox; the others hold from its next start."""
        if await self._ours(container_id) is None:
            return
        try:
            await self._engine.call(
                "POST", f"containers/{container_id}/update", body=changeable_limits(limits, self._settings.runtime)
            )
        except EngineRefused as error:
            raise Conflict(f"The limits cannot be changed now: {error.reason}") from error

    # ── What there is ─────────────────────────────────────────────────────────────────────────────────────────

    async def inspect(self, container_id: str) -> Container | None:
        """Return what the engine says of a container of ours; None when it is gone or not ours."""
        inspected = await self._ours(container_id)
        return None if inspected is None else container_of(inspected, await self._image_id())

    async def list(self) -> Sequence[Container]:
        """Return all sandboxes of this deployment, in no order. Those that lost their porter with a former process get one."""
        image_id = await self._image_id()
        found = await asyncio.gather(*(self._ours(each) for each in await self._container_ids()))
        for inspected in found:
            if inspected is not None:
                self._resume_porter(inspected)
        return [container_of(inspected, image_id) for inspected in found if inspected is not None]

    async def accept_again(self) -> None:
        """Accept for sandboxes that lost their porter with a former process: for a process that does not list them at its start.

        Until somebody lists them, whoever dials their agents is refused. An engine that is slow or away is not waited for long.
        """
        if needs_porter(self._settings.runtime):
            try:
                async with asyncio.timeout(ACCEPT_AGAIN_SEC):
                    await self.list()
            except (EngineUnavailable, TimeoutError) as error:
                log.warning("porters.not_accepting_yet", error=str(error) or "The container engine is slow.")

    def _resume_porter(self, inspected: Mapping[str, Any]) -> None:
        address = _address_of(inspected)
        starts = self._turn(address.project_id).locked()
        if inspected["State"]["Running"] and needs_porter(inspected["HostConfig"]["Runtime"]) and not starts:
            self._porters.resume(address)

    async def workspaces(self) -> Sequence[str]:
        """Return the project ids of all workspaces."""
        return await self._workspaces.list()

    async def delete_workspace(self, project_id: str) -> None:
        """Remove a project's containers, its workspace and its sockets."""
        async with self._turn(project_id):
            await self._remove_containers(project_id)
            self._porters.forget_project(project_id)
            await self._workspaces.delete(project_id)
            self._sockets.delete(project_id)

    def ends(self) -> AsyncIterator[Container]:
        """Yield containers as they end, by themselves or by us; some perhaps twice. Ends only when cancelled."""
        return Ends(self._engine, self._settings.deployment, self.list).watch()

    # ── Calls that the above are made of ──────────────────────────────────────────────────────────────────────

    async def _ours(self, container_id: str) -> dict[str, Any] | None:
        """Return what the engine knows of a container, if it is a sandbox of this deployment."""
        try:
            inspected = await self._engine.call("GET", f"containers/{container_id}/json")
        except EngineRefused as error:
            if error.status == 404:
                return None
            raise
        return inspected if is_sandbox(inspected["Config"]["Labels"], self._settings.deployment) else None

    async def _container_ids(self, project_id: str | None = None) -> Sequence[str]:
        wanted = [f"{DEPLOYMENT_LABEL}={self._settings.deployment}"]
        if project_id is not None:
            wanted.append(f"{PROJECT_LABEL}={project_id}")
        params = {"all": 1, "filters": json.dumps({"label": wanted})}
        listed = cast("list[dict[str, Any]]", await self._engine.call("GET", "containers/json", params=params))
        return [each["Id"] for each in listed]

    async def _image_id(self) -> str | None:
        try:
            return (await self._engine.call("GET", f"images/{self._settings.image}/json"))["Id"]
        except EngineRefused as error:
            if error.status == 404:
                return None
            raise

    async def _remove_containers(self, project_id: str) -> None:
        for container_id in await self._container_ids(project_id):
            await self._remove(container_id)

    async def _remove(self, name: str) -> None:
        """Kill and remove a container, and wait until its name is free.

        Raises ``EngineUnavailable`` when the engine does not get to it within seconds: whoever asks again may be luckier.
        """
        removal = ("DELETE", f"containers/{name}", {"force": 1, "v": 0})
        for pause in UNCOLLECTED_WAITS_SEC:
            if await self._tolerant(*removal):
                break
            await asyncio.sleep(pause)
        else:
            if not await self._tolerant(*removal):
                raise EngineUnavailable(NOT_REMOVED, container=name)
        await self._tolerant("POST", f"containers/{name}/wait", {"condition": "removed"})

    async def _discard(self, name: str) -> None:
        """Remove what a failed start left, if the engine can: what went wrong first is what is told.

        The next start of the project removes what stays, or the reconciler does.
        """
        try:
            await self._remove(name)
        except AimforgeError as error:
            log.warning("start_not_undone", container=name, message=error.message)

    async def _tolerant(
        self, method: str, path: str, params: Mapping[str, str | int], timeout_sec: float = CALL_TIMEOUT_SEC
    ) -> bool:
        """Ask for something that may have happened already: gone (404) and in progress (409) are as good as done.

        False when it has to be asked for again, since the container's process is dead and not collected yet.
        """
        try:
            await self._engine.call(method, path, params=params, timeout_sec=timeout_sec)
        except EngineRefused as error:
            if UNCOLLECTED in error.reason:
                return False
            if error.status not in (404, 409):
                raise
        return True


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Await work to its end also when the caller is cancelled meanwhile, which is then told.

    An engine goes on with what it was asked for, whoever hangs up: a volume or a container that is being made can only be
    removed once it is there.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise


def tells_full_disk(error: Exception | str) -> bool:
    """Tell whether an error, or what somebody wrote, is that there is no room on a disk."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "no space left on device" in str(error).lower()


def _address_of(inspected: Mapping[str, Any]) -> AgentAddress:
    labels = inspected["Config"]["Labels"]
    return AgentAddress(project_id=labels[PROJECT_LABEL], generation=int(labels[GENERATION_LABEL]))


def _start_failed(error: EngineRefused, **detail: Any) -> SandboxFailed:
    if tells_full_disk(error):
        return SandboxFailed(SERVER_FULL, EndReason.DISK_FULL, **detail)
    message = error.reason[:LONGEST_REPORT]
    return SandboxFailed(f"The engine could not start the sandbox: {message}", EndReason.START_FAILED, **detail)

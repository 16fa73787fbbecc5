"""The launcher itself: judges each request and does it with the runtime that it holds."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from control_plane.adapters.launcher import protocol
from control_plane.adapters.launcher.rules import LauncherRules
from control_plane.ports import SandboxRuntime


class LauncherService:
    """Answers requests. ``prepare_gate`` makes the folder of a project's gate."""

    def __init__(self, runtime: SandboxRuntime, rules: LauncherRules, prepare_gate: Callable[[str], object]) -> None:
        self._runtime = runtime
        self._rules = rules
        self._prepare_gate = prepare_gate

    async def serve(self, data: bytes) -> AsyncGenerator[Any]:
        """Yield the answer to a request, or its answers. Raises ``AimforgeError``, and ``MsgspecError`` for no request."""
        request = msgspec.json.decode(data, type=protocol.Request)
        if isinstance(request, protocol.Ends):
            # The watch begins before the asker is told so: an end that it waits for after that is never missed.
            ends = self._runtime.ends()
            yield None
            async with aclosing(ends):  # pyright: ignore[reportArgumentType]  # runtimes' iterators are generators
                async for container in ends:
                    yield container
        else:
            yield await self._do(request)

    async def _do(self, request: protocol.Request) -> Any:  # noqa: C901, PLR0911  # one line for each request
        runtime = self._runtime
        match request:
            case protocol.Alive():
                return None
            case protocol.Check():
                return await runtime.check()
            case protocol.Start(spec):
                return await runtime.start(self._rules.spec(spec))
            case protocol.Pause(container_id):
                return await runtime.pause(container_id)
            case protocol.Resume(container_id):
                return await runtime.resume(container_id)
            case protocol.Stop(container_id, grace_sec):
                return await runtime.stop(container_id, grace_sec)
            case protocol.Inspect(container_id):
                return await runtime.inspect(container_id)
            case protocol.ListAll():
                return await runtime.list()
            case protocol.Workspaces():
                return await runtime.workspaces()
            case protocol.DeleteWorkspace(project_id):
                return await runtime.delete_workspace(project_id)
            case protocol.UpdateLimits(container_id, limits):
                return await runtime.update_limits(container_id, self._rules.limits(limits))
            case protocol.PrepareGate(project_id):
                return self._prepare_gate(project_id)
            case protocol.Ends():
                raise AssertionError("answered by serve")

"""Waiting for the agent of a sandbox that starts, until it says that it is well."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from control_plane.domain.errors import SandboxFailed, SandboxMisbehaved, TimedOut
from control_plane.ports import AgentAddress, AgentLink, Clock
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.agent import Health
from sandbox_image.wire.version import API_VERSION

MAX_HEALTH: Final = 64 * 1024
"""Bytes of an agent's answer about it."""
HEALTH_TIMEOUT_SEC: Final = 2.0
FIRST_RETRY_SEC: Final = 0.005
LAST_RETRY_SEC: Final = 0.25


async def await_health(
    link: AgentLink, address: AgentAddress, clock: Clock, check_alive: Callable[[], Awaitable[None]]
) -> None:
    """Ask until the agent answers, for as long as the caller waits. ``check_alive`` raises when asking on is in vain.

    Raises ``SandboxMisbehaved`` when what answers is no agent that we can talk to.
    """
    delay = FIRST_RETRY_SEC
    while True:
        try:
            answer = await link.request(address, "GET", "/health", timeout_sec=HEALTH_TIMEOUT_SEC, max_body=MAX_HEALTH)
        except (SandboxFailed, TimedOut):
            await check_alive()
            await clock.sleep(delay)
            delay = min(delay * 2, LAST_RETRY_SEC)
            continue
        check_health(answer.status, answer.body)
        return


def check_health(status: int, body: bytes) -> None:
    """Raise ``SandboxMisbehaved`` unless this is the health of an agent that we can talk to."""
    if status != 200:
        raise SandboxMisbehaved(f"The agent answered its health check with {status}.", status=status)
    try:
        health = msgspec.json.decode(body, type=Health)
    except UNREADABLE as error:
        raise SandboxMisbehaved(f"The agent's health cannot be read: {error}") from error
    if health.api_version != API_VERSION:
        raise SandboxMisbehaved(
            f"The sandbox image speaks version {health.api_version} of the agent's interface, and this control plane "
            f"version {API_VERSION}. Build the image anew: aimforge image build"
        )

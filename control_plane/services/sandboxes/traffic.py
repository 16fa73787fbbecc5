"""How much passed the gates, looked up once in a while: figures must not wait for another process."""

from collections.abc import Mapping
from typing import Final

from control_plane.domain.egress import Traffic
from control_plane.domain.errors import AimforgeError
from control_plane.ports import Clock, Egress
from control_plane.services.metrics import Metrics

LOOK_EVERY_SEC: Final = 5.0


class TrafficCount:
    """The last known bytes of each project. Counters begin anew with the process that holds the gates."""

    def __init__(self, egress: Egress, metrics: Metrics, clock: Clock) -> None:
        self.known: Mapping[str, Traffic] = {}
        self._egress = egress
        self._metrics = metrics
        self._clock = clock

    def of(self, project_id: str) -> Traffic:
        """Return the last known bytes of a project."""
        return self.known.get(project_id, Traffic())

    async def look(self) -> None:
        """Read the counts; what cannot be read stays as it was."""
        try:
            self.known = await self._egress.traffic()
        except AimforgeError:
            return
        self._metrics.egress_bytes["sent"] = sum(each.sent for each in self.known.values())
        self._metrics.egress_bytes["received"] = sum(each.received for each in self.known.values())

    async def run(self) -> None:
        """Look every five seconds; ends only when cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_EVERY_SEC)

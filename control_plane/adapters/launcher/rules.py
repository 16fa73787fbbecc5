"""What a launcher grants. Its own settings say it, so that whoever asks cannot ask for more."""

from dataclasses import dataclass, fields
from typing import Final

from control_plane.adapters.launcher.protocol import WantedLimits, WantedSandbox
from control_plane.domain.errors import Invalid
from control_plane.domain.limits import check_limits
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec

UIDS: Final = 1_000_000
"""How many user ids from the first one on sandboxes may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherRules:
    """The largest limits of a sandbox, and the first of the user ids that sandboxes may have."""

    most: Limits
    uid_base: int

    def spec(self, wanted: WantedSandbox) -> SandboxSpec:
        """Return the spec that is granted. Raises ``Invalid`` for one that asks for too much."""
        if not max(1, self.uid_base) <= wanted.uid < self.uid_base + UIDS:
            raise Invalid(
                f"A sandbox cannot run as user {wanted.uid}; they have the {UIDS} ids from {self.uid_base} on.",
                uid=wanted.uid,
            )
        return SandboxSpec(
            project_id=wanted.project_id,
            project_name=wanted.project_name,
            generation=wanted.generation,
            uid=wanted.uid,
            limits=self.limits(wanted.limits),
            template=wanted.template,
            egress=wanted.egress,
        )

    def limits(self, wanted: WantedLimits) -> Limits:
        """Return the limits that are granted. Raises ``Invalid`` that names the one that is out of bounds."""
        return check_limits(Limits(**{each.name: getattr(wanted, each.name) for each in fields(Limits)}), self.most)

"""What a launcher grants. Its own settings say it, so that whoever asks cannot ask for more."""

from dataclasses import dataclass, fields
from typing import Final

from control_plane.adapters.launcher.protocol import WantedLimits, WantedSandbox
from control_plane.domain.errors import Invalid
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec

MIB: Final = 1024 * 1024
UIDS: Final = 1_000_000
"""How many user ids from the first one on sandboxes may have."""
LEAST: Final = Limits(memory=32 * MIB, cpus=0.01, pids=8, open_files=64, shm=64 * 1024, tmp=64 * 1024, disk=16 * MIB)
"""Below these a sandbox cannot start, and an engine may read a zero as *no limit*."""


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
        for each in fields(Limits):
            value, least, most = (getattr(source, each.name) for source in (wanted, LEAST, self.most))
            if not least <= value <= most:
                raise Invalid(
                    f"The launcher grants a sandbox from {least} to {most} as its limit {each.name!r}, and {value} was "
                    f"asked for. AIMFORGE_MAX_{each.name.upper()} of the launcher says how much it may be.",
                    limit=each.name,
                )
        return Limits(**{each.name: getattr(wanted, each.name) for each in fields(Limits)})

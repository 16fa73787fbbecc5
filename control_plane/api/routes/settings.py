"""The settings in force, for administrators."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy
from control_plane.domain.setting import SettingInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsInForce:
    """All settings of this control plane."""

    settings: list[SettingInForce]


async def read(call: Call) -> Response:
    """Answer with every setting, without secrets."""
    return answer(SettingsInForce(settings=list(call.services.settings())), headers={"cache-control": "no-store"})


OPERATIONS: Final = [
    Operation(
        id="list_settings",
        method="GET",
        path="/api/admin/settings",
        policy=Policy.ADMIN,
        tag="admin",
        summary="List the settings in force and where each comes from",
        description="Of a secret the answer only says whether there is one; credentials and parameters of URLs are masked.",
        endpoint=read,
        answer=SettingsInForce,
    )
]

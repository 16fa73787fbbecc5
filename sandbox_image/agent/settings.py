"""What the agent is told when it starts: by the bootstrap message, and by the container's environment."""

import os
import sys
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

BOOTSTRAP_SOCKET: Final = "/run/aimforge/bootstrap.sock"


class AgentSettings(Struct, frozen=True, kw_only=True):
    """Settings of one sandbox. Times are milliseconds, as the names of the original system's variables say; 0 is never.

    Decoded from the bootstrap message, whose unknown keys are ignored so that an older agent serves a newer control plane.
    """

    workspace: str = "/workspace"
    project_name: str = ""
    template: str = "empty"
    cpus: float = 0.0
    """Cores the sandbox may use; 0 means as many as the machine has."""

    python: str = ""
    """Interpreter that environments are made from; empty means the one that runs the agent."""
    uv: str = ""
    """Path of uv; empty means the first on ``PATH``."""
    index_url: str = ""
    listing_url: str = ""
    """Index whose list of names is searched; empty means ``index_url``."""
    extra_index_urls: list[str] = field(default_factory=list[str])
    find_links: list[str] = field(default_factory=list[str])
    """More folders of wheels, besides ``wheelhouse``."""
    wheelhouse: str = "/opt/aimforge/wheelhouse"
    """Wheels that install without a network; ignored when the folder is missing."""
    offline: bool = False
    """True when no package index can be reached: what is not in the wheelhouse is refused at once."""

    egress_socket: str = "/run/aimforge/egress.sock"
    egress_port: int = 3128

    python_lsp: Literal["pyright", "basedpyright", "ty"] = "pyright"
    lsp_max_restarts: int = 5
    lsp_restart_window_ms: int = 60_000
    lsp_idle_ttl_ms: int = 600_000

    terminal_idle_timeout_ms: int = 0
    terminal_max_session_ms: int = 0

    @property
    def cores(self) -> float:
        """Cores that runs may fill."""
        return self.cpus or float(len(os.sched_getaffinity(0)))

    @property
    def has_egress(self) -> bool:
        """True when there is a way out of the sandbox. It may be a link whose target, the gate, is bound a little later."""
        return bool(self.egress_socket) and os.path.lexists(self.egress_socket)

    @property
    def base_python(self) -> str:
        """The interpreter that environments are made from."""
        return self.python or os.path.realpath(sys.executable)


def with_environment(settings: AgentSettings, environ: Mapping[str, str]) -> AgentSettings:
    """``settings`` with what the container's environment says (see "Starting" in ``docs/agent-api.md``)."""
    return replace(
        settings,
        template=environ.get("AIMFORGE_TEMPLATE") or settings.template,
        project_name=environ.get("AIMFORGE_PROJECT_NAME") or settings.project_name,
        cpus=_number(environ.get("AIMFORGE_CPUS", ""), settings.cpus),
        uv=environ.get("AIMFORGE_UV") or settings.uv,
        wheelhouse=environ.get("AIMFORGE_WHEELHOUSE") or settings.wheelhouse,
    )


def _number(text: str, otherwise: float) -> float:
    try:
        return max(0.0, float(text)) if text else otherwise
    except ValueError:
        return otherwise

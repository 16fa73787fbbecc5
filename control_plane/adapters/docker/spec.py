"""From a sandbox's spec to what the engine is told. Pure, so that all hardening is one table test.

Nothing here is taken from a client: a spec says who, how much and from which template, and this module says how.
"""

from dataclasses import dataclass
from typing import Any, Final

from control_plane.adapters.docker.naming import labels
from control_plane.adapters.porters import needs_porter
from control_plane.domain.errors import Invalid
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec
from sandbox_image.wire.names import NameFault, fault_of_name

WORKSPACE: Final = "/workspace"
RUN_DIR: Final = "/run/aimforge"
HOME: Final = f"{WORKSPACE}/.aimforge/home"
EGRESS_PROXY: Final = "http://127.0.0.1:3128"
LOG_SIZE: Final = "1m"
UNFIT: Final = frozenset({NameFault.NOT_TEXT, NameFault.CONTROLS, NameFault.TURNS})
"""Faults of a character of a name."""
MAX_UID: Final = 2**31 - 1
GVISOR_THREADS: Final = 768
"""The engine counts the threads of gVisor's own kernel as the sandbox's, and that kernel ends when it gets none. One node after the
other, which is a dozen processes and threads at a time, made it keep up to 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSettings:
    """What a deployment chooses for all its sandboxes. ``runtime`` is the engine's, such as ``crun``; empty: its default."""

    deployment: str
    image: str
    runtime: str = ""


def container_config(spec: SandboxSpec, settings: ContainerSettings, run_dir: str, workspace: str) -> dict[str, Any]:
    """Return the body of the engine's create call.

    ``workspace`` is the name of a volume, or the absolute path of a folder with a quota.
    ``run_dir`` is the host folder with the sockets that the sandbox may use, and the files that give its uid a name.
    Raises ``Invalid`` for a uid that no sandbox may have.
    """
    if not 0 < spec.uid <= MAX_UID:
        raise Invalid(f"A sandbox cannot run as user {spec.uid}.", uid=spec.uid)
    return {
        "Image": settings.image,
        "Hostname": "sandbox",
        "User": f"{spec.uid}:{spec.uid}",
        "WorkingDir": WORKSPACE,
        "Env": [f"{name}={value}" for name, value in _environment(spec).items()],
        "Labels": labels(settings.deployment, spec.project_id, spec.generation),
        "NetworkDisabled": True,
        "Tty": False,
        "OpenStdin": False,
        "StopSignal": "SIGTERM",
        "HostConfig": {
            **_confinement(settings),
            **changeable_limits(spec.limits, settings.runtime),
            **_fixed_limits(spec.limits),
            "Mounts": [
                _workspace(workspace, labels(settings.deployment, spec.project_id)),
                _read_only(run_dir, RUN_DIR),
                _read_only(f"{run_dir}/passwd", "/etc/passwd"),
                _read_only(f"{run_dir}/group", "/etc/group"),
            ],
        },
    }


def _environment(spec: SandboxSpec) -> dict[str, str]:
    proxy = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), EGRESS_PROXY)
    local = "localhost,127.0.0.1,::1"
    return {
        "HOME": HOME,
        "AIMFORGE_TEMPLATE": spec.template,
        "AIMFORGE_PROJECT_NAME": _printable(spec.project_name),
        "AIMFORGE_CPUS": f"{spec.limits.cpus:g}",
        **(proxy | {"NO_PROXY": local, "no_proxy": local} if spec.egress else {}),
    }


def _confinement(settings: ContainerSettings) -> dict[str, Any]:
    """Return what takes powers away. The engine's default seccomp profile applies, because none is named."""
    return {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "IpcMode": "private",
        "Init": False,
        "AutoRemove": False,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": LOG_SIZE, "max-file": "1"}},
        **({"Runtime": settings.runtime} if settings.runtime else {}),
    }


def _fixed_limits(limits: Limits) -> dict[str, Any]:
    return {
        "ShmSize": limits.shm,
        "Tmpfs": {"/tmp": f"rw,nosuid,nodev,size={limits.tmp},mode=1777"},  # noqa: S108 - a mount inside the sandbox
        # Sandboxes die before the control plane when the machine's memory runs out.
        "OomScoreAdj": 500,
        "Ulimits": [
            {"Name": "nofile", "Soft": limits.open_files, "Hard": limits.open_files},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
    }


def changeable_limits(limits: Limits, runtime: str = "") -> dict[str, Any]:
    """Return the limits that the engine can change while a container runs. Memory and swap are one: there is no swap."""
    kernels_own = GVISOR_THREADS if needs_porter(runtime) else 0
    return {
        "Memory": limits.memory,
        "MemorySwap": limits.memory,
        "NanoCpus": int(limits.cpus * 1_000_000_000),
        "PidsLimit": limits.pids + kernels_own,
    }


def _printable(text: str) -> str:
    """A variable can hold no NUL, and a name with line breaks would only confuse. What a name may hold stays."""
    return "".join(" " if fault_of_name(character) in UNFIT else character for character in text)


def _workspace(source: str, ours: dict[str, str]) -> dict[str, Any]:
    if source.startswith("/"):
        return {
            "Type": "bind",
            "Source": source,
            "Target": WORKSPACE,
            "BindOptions": {"Propagation": "rprivate"},
        }
    # Nothing is copied from the image: the workspace is the tenant's alone, from its first byte. The labels are for an engine
    # that finds the volume gone and makes it anew: one without labels would be nobody's.
    options = {"NoCopy": True, "Labels": ours}
    return {"Type": "volume", "Source": source, "Target": WORKSPACE, "VolumeOptions": options}


def _read_only(source: str, target: str) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": source,
        "Target": target,
        "ReadOnly": True,
        "BindOptions": {"Propagation": "rprivate"},
    }

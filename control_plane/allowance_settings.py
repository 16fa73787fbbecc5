"""The settings about what projects may use, besides their limits: part of ``settings.Settings``."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from control_plane.domain.allowance import LEAST_BYTES_PER_SEC, LEAST_RUN_SEC, MAX_AT_ONCE, MAX_PROJECTS, MAX_RUN_SEC
from control_plane.domain.egress import EgressMode, parse_allowed_host


class AllowanceSettings(BaseSettings):
    """What holds where an administrator or a teacher says nothing else."""

    index_url: str = Field(
        default="",
        description="Package index for sandboxes. Empty: that of pip's or uv's configuration on this machine.",
    )
    egress: EgressMode = Field(
        default=EgressMode.HOSTS,
        description="How much of the network sandboxes reach: none, packages (the package index), hosts (and "
        "AIMFORGE_EGRESS_HOSTS), open (and each public host on ports 80 and 443).",
    )
    egress_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Further hosts that sandboxes may reach, as host or host:port, separated by commas; "
        "a trailing ! allows private addresses for that host.",
    )
    egress_bytes_per_sec: int = Field(
        default=0, ge=0, description="Bytes that may pass between a sandbox and the network in a second; 0: no limit."
    )
    at_once: int = Field(
        default=0,
        ge=0,
        le=MAX_AT_ONCE,
        description="Sandboxes of one person that may run or be paused at once; 0: no limit but AIMFORGE_MAX_RUNNING.",
    )
    projects: int = Field(
        default=0,
        ge=0,
        le=MAX_PROJECTS,
        description="Projects of one person, besides those that courses hand out; 0: no limit.",
    )
    run_sec: float = Field(
        default=MAX_RUN_SEC,
        ge=LEAST_RUN_SEC,
        le=MAX_RUN_SEC,
        description="Longest run of a node or a flow; one that asks for more time gets this.",
    )

    @field_validator("egress_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("egress_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(parse_allowed_host(host)) for host in value)

    @field_validator("egress_bytes_per_sec")
    @classmethod
    def _is_a_rate(cls, value: int) -> int:
        if 0 < value < LEAST_BYTES_PER_SEC:
            message = f"AIMFORGE_EGRESS_BYTES_PER_SEC is {value}; at least {LEAST_BYTES_PER_SEC}, or 0 for no limit."
            raise ValueError(message)
        return value

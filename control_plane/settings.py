"""Settings of the control plane: environment variables with the prefix ``AIMFORGE_``; read by the app and the CLI only.

``docs/settings.md`` lists each one, and a test compares the two.
"""

import secrets
from dataclasses import asdict, fields
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from control_plane.allowance_settings import AllowanceSettings
from control_plane.course_settings import CourseSettings
from control_plane.domain.allowance import Allowance
from control_plane.domain.sandbox import Limits
from control_plane.people_settings import PeopleSettings

MIB: Final = 1024 * 1024
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")


def also(name: str) -> AliasChoices:
    """Accept the original system's name of a variable beside ours."""
    return AliasChoices(f"AIMFORGE_{name}", name)


class Settings(PeopleSettings, AllowanceSettings, CourseSettings):
    """Everything that a deployment can choose. Durations in seconds and sizes in bytes, unless the name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="AIMFORGE_", frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    # ── Server ────────────────────────────────────────────────────────────────────────────────────────────────
    host: str = Field(
        default="127.0.0.1", description="Address to listen on. Local mode serves loopback addresses only."
    )
    port: int = Field(
        default=8000, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one and prints it."
    )
    token: str = Field(
        default="",
        pattern=r"^[!-~]*$",
        description="Token of local mode. Empty: made at the first start and kept in the data directory.",
        repr=False,
    )
    data_dir: Path = Field(
        default=Path("~/.local/share/aimforge"),
        description="Where the database and the sandboxes' sockets live; mode 0700.",
    )
    database_url: str = Field(
        default="", description="SQLAlchemy URL of the database. Empty: SQLite in the data directory.", repr=False
    )
    frontend_dir: Path = Field(
        default=Path(__file__).resolve().parent.parent / "frontend" / "dist", description="The built front end."
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Host names that browsers may use besides the loopback ones, separated by commas."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins of other front ends that may call with a session, such as http://localhost:5173.",
    )
    preview_host: str = Field(
        default="preview.localhost",
        description="Name below which previews are served, each project on a name of its own. Empty: no previews.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="How log lines are written. auto: for people on a terminal, as JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )

    otlp_endpoint: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Base URL of an OpenTelemetry collector that takes traces by OTLP over HTTP. Empty: no traces.",
        validation_alias=AliasChoices("AIMFORGE_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    )

    # ── Container engine ──────────────────────────────────────────────────────────────────────────────────────
    docker_host: str = Field(
        default="", description="URL of the container engine. Empty: DOCKER_HOST, or its usual socket."
    )
    image: str = Field(
        default="",
        description="Image that sandboxes are started from. Empty: the one that `aimforge image ensure` builds.",
    )
    runtime: str = Field(
        default="",
        description="The engine's runtime for sandboxes, such as crun; gVisor's, runsc, is experimental. Empty: its default.",
    )
    deployment: str = Field(
        default="", description="Label of this deployment's containers. Empty: derived from the data directory."
    )
    uid_base: int = Field(
        default=200_000, ge=1000, description="First of the user ids that sandboxes get, one for each project."
    )

    # ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────
    launcher_socket: str = Field(
        default="",
        description="Socket of the launcher role: there `aimforge launcher` listens, and `aimforge serve` asks it instead "
        "of the engine. Empty: the server talks to the engine itself.",
    )
    egress_socket: str = Field(
        default="",
        description="Socket of the egress role: there `aimforge egress` listens, and `aimforge serve` asks it for gates. "
        "Empty: the server opens the gates itself.",
    )
    run_dir: Path | None = Field(
        default=None, description="Where the sandboxes' sockets live, for all roles. Empty: run/ in the data directory."
    )
    agent_secret: str = Field(
        default="",
        pattern=r"^([!-~]{32,})?$",
        description="Key that the sandboxes' tokens are derived from, 32 characters or more, the same for all roles. "
        "Empty: made at the first start and kept in the data directory.",
        repr=False,
    )
    role_peers: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(),
        description="User ids that may ask the launcher and the egress role besides their own, separated by commas.",
    )
    role_gid: int = Field(
        default=-1, ge=-1, description="Group whose members may reach the roles' and the agents' sockets. -1: none."
    )
    egress_uid: int = Field(
        default=-1, ge=-1, description="User id of the egress role, which alone may bind gates. -1: the launcher's own."
    )

    # ── Limits of a sandbox ───────────────────────────────────────────────────────────────────────────────────
    memory: int = Field(default=1024 * MIB, ge=128 * MIB, description="Memory of a sandbox; it has no swap.")
    cpus: float = Field(default=2.0, gt=0, description="CPU cores of a sandbox.")
    pids: int = Field(default=256, ge=32, description="Processes and threads of a sandbox.")
    open_files: int = Field(default=4096, ge=256, description="Open files of one process in a sandbox.")
    shm: int = Field(default=256 * MIB, ge=MIB, description="Shared memory of a sandbox.")
    tmp: int = Field(default=256 * MIB, ge=MIB, description="Size of a sandbox's /tmp, which is kept in memory.")
    disk: int = Field(
        default=2048 * MIB,
        ge=64 * MIB,
        description="Size of a project's workspace, kept where AIMFORGE_DISK_QUOTA is on.",
    )
    disk_quota: bool = Field(
        default=False,
        description="Whether each workspace is a file system of its own, so that a full one harms nobody else. Needs root "
        "on the engine's machine, and holds for projects made from then on; `aimforge doctor` tells whether it can be had.",
    )

    # ── The most that any sandbox may be given ────────────────────────────────────────────────────────────────
    max_memory: int = Field(default=8192 * MIB, ge=128 * MIB, description="Most memory that a sandbox may be given.")
    max_cpus: float = Field(default=8.0, gt=0, description="Most CPU cores that a sandbox may be given.")
    max_pids: int = Field(default=4096, ge=32, description="Most processes and threads that a sandbox may be given.")
    max_open_files: int = Field(
        default=65536, ge=256, description="Most open files that one process in a sandbox may be given."
    )
    max_shm: int = Field(default=2048 * MIB, ge=MIB, description="Most shared memory that a sandbox may be given.")
    max_tmp: int = Field(default=2048 * MIB, ge=MIB, description="Largest /tmp that a sandbox may be given.")
    max_disk: int = Field(
        default=32768 * MIB, ge=64 * MIB, description="Largest workspace that a project may be given."
    )

    # ── Life of sandboxes ─────────────────────────────────────────────────────────────────────────────────────
    idle_pause_sec: float = Field(
        default=900, gt=0, description="Idle this long, a sandbox is paused: memory stays, CPU rests."
    )
    idle_stop_sec: float = Field(default=3600, gt=0, description="Paused this long, a sandbox is stopped: files stay.")
    max_age_sec: float = Field(
        default=86400, gt=0, description="A sandbox older than this is stopped, whatever it does."
    )
    countdown_sec: float = Field(default=60, ge=0, description="This long before a pause, people see a countdown.")
    max_running: int = Field(
        default=50, ge=1, description="Sandboxes that may run or be paused at once; others wait their turn."
    )
    start_concurrency: int = Field(default=4, ge=1, description="Sandboxes that are started at the same time.")
    start_queue: int = Field(default=500, ge=1, description="Starts that may wait; further ones are refused.")
    least_memory: int = Field(
        default=256 * MIB,
        ge=0,
        description="Memory of the machine that is kept available: below, idle sandboxes are paused and paused ones "
        "stopped, oldest first, and new starts wait. 0: never.",
    )
    max_sockets: int = Field(default=500, ge=10, description="Sockets that one person may have open at the same time.")
    delete_grace_sec: float = Field(default=60, ge=0, description="A deleted project can be restored for this long.")
    reconcile_sec: float = Field(
        default=60, gt=0, description="Time between two comparisons of the database with the engine."
    )
    reap_sec: float = Field(default=5, gt=0, description="Time between two looks at which sandboxes are idle.")

    # ── Language servers and terminals ────────────────────────────────────────────────────────────────────────
    python_lsp: Literal["pyright", "basedpyright", "ty"] = Field(
        default="pyright",
        description="Python language server. One other than pyright is in images that were built with this setting.",
        validation_alias=also("PYTHON_LSP"),
    )
    lsp_idle_ttl_ms: int = Field(
        default=600_000,
        ge=0,
        description="A language server without editors ends after this many milliseconds.",
        validation_alias=also("LSP_IDLE_TTL_MS"),
    )
    lsp_max_restarts: int = Field(
        default=5,
        ge=0,
        description="Crashes of a language server without a healthy time in between until it is given up.",
        validation_alias=also("LSP_MAX_RESTARTS"),
    )
    lsp_restart_window_ms: int = Field(
        default=60_000,
        ge=0,
        description="A language server that ran this many milliseconds counts as healthy again.",
        validation_alias=also("LSP_RESTART_WINDOW_MS"),
    )
    terminal_idle_timeout_ms: int = Field(
        default=0,
        ge=0,
        description="A terminal without input or viewers ends after this many milliseconds; 0: never.",
        validation_alias=also("TERMINAL_IDLE_TIMEOUT_MS"),
    )
    terminal_max_session_ms: int = Field(
        default=0,
        ge=0,
        description="A terminal older than this many milliseconds ends; 0: never.",
        validation_alias=also("TERMINAL_MAX_SESSION_MS"),
    )

    @field_validator("allowed_hosts", "allowed_origins", "role_peers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: dict[str, object]) -> dict[str, object]:
        """compose.yaml passes an empty text for what .env does not say: only where texts are is that a value."""
        texts = {name for name, field in cls.model_fields.items() if field.annotation is str}
        for name, field in cls.model_fields.items():
            if name in texts and isinstance(field.validation_alias, AliasChoices):
                texts |= {str(choice) for choice in field.validation_alias.choices}
        return {name: value for name, value in values.items() if value != "" or name in texts}

    @model_validator(mode="after")
    def _within_the_most(self) -> "Settings":
        for field in fields(Limits):
            value, most = getattr(self.limits, field.name), getattr(self.most, field.name)
            if value > most:
                name = f"AIMFORGE_{field.name.upper()}"
                raise ValueError(
                    f"{name} is {value}, and AIMFORGE_MAX_{field.name.upper()} allows {most}. Raise that too."
                )
        return self

    @model_validator(mode="after")
    def _shared_secret(self) -> "Settings":
        if self.launcher_socket and not self.agent_secret:
            raise ValueError(
                "AIMFORGE_LAUNCHER_SOCKET is set, so the launcher and the server need one AIMFORGE_AGENT_SECRET: "
                "scripts/compose-env makes one."
            )
        return self

    @field_validator("data_dir", "frontend_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _loopback(self) -> "Settings":
        if self.mode == "local" and self.host != "localhost":
            try:
                loopback = ip_address(self.host).is_loopback
            except ValueError:
                loopback = False
            if not loopback:
                message = (
                    f"AIMFORGE_HOST is {self.host!r}, and local mode has one token and no accounts: it listens on "
                    "127.0.0.1, ::1 or localhost only. To reach it from elsewhere, forward the port over SSH."
                )
                raise ValueError(message)
        return self

    @cached_property
    def limits(self) -> Limits:
        """Limits that new sandboxes get."""
        return Limits(
            memory=self.memory,
            cpus=self.cpus,
            pids=self.pids,
            open_files=self.open_files,
            shm=self.shm,
            tmp=self.tmp,
            disk=self.disk,
        )

    @cached_property
    def most(self) -> Limits:
        """The most that any sandbox may be given."""
        return Limits(
            memory=self.max_memory,
            cpus=self.max_cpus,
            pids=self.max_pids,
            open_files=self.max_open_files,
            shm=self.max_shm,
            tmp=self.max_tmp,
            disk=self.max_disk,
        )

    @cached_property
    def allowance(self) -> Allowance:
        """What projects may use where nobody says anything else."""
        return Allowance(
            **asdict(self.limits),
            at_once=self.at_once,
            projects=self.projects,
            run_sec=self.run_sec,
            egress=self.egress,
            bytes_per_sec=self.egress_bytes_per_sec,
            hosts=self.egress_hosts,
        )

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the database in use."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'aimforge.db'}"

    def agent_settings(self) -> dict[str, str | int]:
        """What the agents are told when they are handed their socket."""
        return {
            "index_url": self.index_url,
            "python_lsp": self.python_lsp,
            "lsp_idle_ttl_ms": self.lsp_idle_ttl_ms,
            "lsp_max_restarts": self.lsp_max_restarts,
            "lsp_restart_window_ms": self.lsp_restart_window_ms,
            "terminal_idle_timeout_ms": self.terminal_idle_timeout_ms,
            "terminal_max_session_ms": self.terminal_max_session_ms,
        }

    def prepare_data_dir(self) -> None:
        """Create the data directory, and take every right to it from others."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data_dir.chmod(0o700)

    def local_token(self) -> str:
        """Return the token of local mode: the one that was set, or the one kept in the data directory, made once."""
        if self.token:
            return self.token
        path = self.data_dir / "token"
        if path.exists():
            path.chmod(0o600)
            kept = path.read_text(encoding="utf-8").strip()
            if len(kept) >= 16:
                return kept
        token = secrets.token_urlsafe(24)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(token + "\n", encoding="utf-8")
        return token

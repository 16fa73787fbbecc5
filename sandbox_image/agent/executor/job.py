"""What the executor is asked for, and what it answers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct, field

from sandbox_image.wire.environment import VenvStatus
from sandbox_image.wire.limits import DEFAULT_NODE_TIMEOUT
from sandbox_image.wire.runs import Output, RunError, RunStatus

from .values import Value


class PythonEnvironment(Protocol):
    """The project's environment, as the executor needs it."""

    @property
    def python(self) -> Path:
        """The interpreter of the project."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of the interpreter and what is installed."""
        ...

    @property
    def status(self) -> VenvStatus: ...

    async def ready(self) -> object:
        """Wait until the environment is complete. Raises when it failed, or returns with ``status`` saying so."""
        ...

    def on_change(self, callback: Callable[[], None]) -> object:
        """Call back after each change of packages."""
        ...


class JsonInput(Struct, frozen=True):
    """A JSON value from a client or an input node."""

    value: Any


class KeyedInputs(Struct, frozen=True):
    """What a merging port gets from several edges: a dict in the order of the edges."""

    items: list[tuple[str, "Value | JsonInput"]]


Input = Value | JsonInput | KeyedInputs


class NodeJob(Struct, frozen=True, kw_only=True):
    """One run of one node. ``inputs`` lacks the ports that no edge reaches."""

    source: str
    file: str
    """Path below the workspace: the file that tracebacks name."""
    ports: list[str] = field(default_factory=list[str])
    """Names of the positional parameters, in order."""
    outputs: list[str] = field(default_factory=lambda: ["output"])
    inputs: Mapping[str, Input] = field(default_factory=dict[str, Input])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    legacy: bool = False
    own: list[str] = field(default_factory=list[str])
    """Top-level names of the workspace's modules that the source imports, directly or not."""
    timeout_sec: float = DEFAULT_NODE_TIMEOUT


class Outcome(Struct, kw_only=True):
    """How a run of a node ended. ``values`` has one entry per output port when it succeeded."""

    status: RunStatus
    output: Output | None = None
    displays: list[Output] = field(default_factory=list[Output])
    stdout: str = ""
    stderr: str = ""
    error: RunError | None = None
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    definitions: dict[str, str] = field(default_factory=dict[str, str])
    """Digests of the workspace's files whose classes or functions the values refer to."""
    duration_ms: float = 0.0


class Listener(Protocol):
    """Told what a run shows while it goes on. Must not block."""

    def stream(self, name: str, text: str, offset: int) -> None: ...
    def display(self, output: Output) -> None: ...

"""Sizes and times that both sides of a sandbox's boundary agree on. Bytes and seconds throughout."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

MAX_NAME: Final = 200
"""Characters in the name of a project, node, terminal, file or folder."""
MAX_CODE: Final = 1 * MIB
"""Bytes of one node's source."""
MAX_JSON_BODY: Final = 8 * MIB
"""Bytes of a JSON request or answer, a project's graph included."""
MAX_ANSWER: Final = 2 * MAX_JSON_BODY
"""Bytes of a JSON answer of an agent: a graph comes with the ports of its nodes."""
MAX_UPLOAD: Final = 2 * 1024 * MIB
"""Bytes of one uploaded file or project archive."""
MAX_NODES: Final = 5_000
MAX_EDGES: Final = 20_000

MAX_PREVIEW: Final = 256 * KIB
"""Bytes of one representation of a node's output; what is longer is cut and marked as truncated."""
MAX_STREAM: Final = 1 * MIB
"""Bytes of stdout (and as many of stderr) that one node's result keeps; the head and the tail are kept."""
MAX_EVENT: Final = 512 * KIB
"""Bytes of one encoded event."""
MAX_EVENT_FRAME: Final = 1 * MIB
"""Bytes of one frame on an event stream: a JSON array of events."""
EVENT_RING: Final = 20_000
"""Events that a stream keeps for clients that come back."""

MAX_LSP_MESSAGE: Final = 16 * MIB
MAX_TERMINAL_INPUT: Final = 64 * KIB
"""Bytes of one input frame; a paste is sent in several."""
MAX_TERMINAL_OUTPUT: Final = 32 * KIB
"""Bytes of payload in one output frame: small enough that who passes it on does not keep the PTY's reader from the processor."""
TERMINAL_RING: Final = 1 * MIB
TERMINAL_WINDOW: Final = 256 * KIB
"""Unacknowledged bytes of the driving viewer above which the PTY is no longer read."""
TERMINAL_ACK: Final = 32 * KIB
"""Bytes that a page draws before it acknowledges them while there are more to draw."""
MAX_TERMINALS: Final = 16

DEFAULT_NODE_TIMEOUT: Final = 30.0
MAX_NODE_TIMEOUT: Final = 24 * 3600.0
MAX_WORKERS: Final = 64
"""Nodes of one flow that may run at the same time, if its sandbox has processors for them."""

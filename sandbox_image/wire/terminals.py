"""Terminals: named PTYs, and the frames on a terminal's socket.

Binary frames are data. Text frames are JSON control messages; neither is ever looked for inside the other.

=========  =====================  ====================================================================
direction  first byte             then
=========  =====================  ====================================================================
to client  ``OUTPUT`` (1)         offset of the first byte: 8 bytes, unsigned, big endian; then the bytes
to agent   ``INPUT`` (2)          the bytes typed
=========  =====================  ====================================================================

Control messages to the agent: ``{"type":"ack","offset":N}`` (all before N is consumed),
``{"type":"resize","cols":C,"rows":R}``, ``{"type":"signal","name":"INT"|"QUIT"|"TERM"|"KILL"}``.
To the client: ``{"type":"attached","terminal":{…},"from":N,"fresh":bool}`` first, then ``{"type":"truncated","from":A,"to":B}``
where bytes were lost to this viewer, ``{"type":"resized","cols","rows","offset"}``, ``{"type":"renamed","name"}``,
``{"type":"exited","status"}``, ``{"type":"refused","message"}`` once to a viewer that may only look and tried more.

At most ``TERMINAL_WINDOW`` unacknowledged bytes are under way to a client, so each one must acknowledge, in steps of at
most a quarter of that (pages do it each ``TERMINAL_ACK``). Without ``from``, or with one that is not held, the page is ``fresh``: it resets its terminal, and what it is
replayed holds no query that would make it answer (each is replaced by as many NULs, so that offsets stay what they are).
"""

import struct
from typing import Final

from msgspec import Struct

OUTPUT: Final = 1
INPUT: Final = 2
OUTPUT_HEADER: Final = struct.Struct(">BQ")


class Terminal(Struct, frozen=True, kw_only=True):
    """``end`` is the offset after the last byte; ``start`` that of the oldest byte still in the ring."""

    id: str
    name: str
    cols: int
    rows: int
    created_at: float
    start: int = 0
    end: int = 0
    exit_status: int | None = None
    foreground: str = ""
    """Name of the program in the foreground, empty at the prompt."""
    viewers: int = 0


class NewTerminal(Struct, frozen=True, kw_only=True):
    name: str = ""
    cols: int = 80
    rows: int = 24


class TerminalPatch(Struct, frozen=True, kw_only=True):
    name: str

"""Why a WebSocket was closed: the codes that the control plane and the agent use, with what a person is told."""

from enum import IntEnum
from typing import Final

from msgspec import Struct


class CloseCode(IntEnum):
    """Application close codes. A client retries by itself when ``RETRY[code]`` is true."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    MESSAGE_TOO_BIG = 1009
    SERVICE_RESTART = 1012

    UNAUTHENTICATED = 4001
    FORBIDDEN = 4003
    NOT_FOUND = 4004
    SLOW_CONSUMER = 4008
    BAD_FRAME = 4009
    IDLE_TIMEOUT = 4010
    REVOKED = 4011
    RELOAD = 4012
    """The client's last sequence number is no longer held: read the state anew, then attach without a number."""
    TOO_MANY = 4013

    SANDBOX_STOPPED = 4020
    SANDBOX_OUT_OF_MEMORY = 4021
    SANDBOX_DISK_FULL = 4023
    SANDBOX_EVICTED = 4024
    SANDBOX_CRASHED = 4025
    SANDBOX_ENGINE_GONE = 4026
    SANDBOX_DELETED = 4027
    SANDBOX_REPLACED = 4028
    SANDBOX_TOO_OLD = 4029
    SANDBOX_UNAVAILABLE = 4030
    SANDBOX_MISBEHAVED = 4031
    SANDBOX_STOPPED_BY_USER = 4032
    SANDBOX_STOPPED_BY_ADMIN = 4033

    TERMINAL_EXITED = 4040
    TERMINAL_CLOSED = 4041
    LANGUAGE_SERVER_GAVE_UP = 4050
    LANGUAGE_SERVER_RESTARTED = 4051


class Closing(Struct, frozen=True):
    """``sentence`` is shown to people and sent as the close reason (at most 123 bytes)."""

    sentence: str
    retry: bool


CLOSINGS: Final[dict[CloseCode, Closing]] = {
    CloseCode.NORMAL: Closing("Closed.", retry=False),
    CloseCode.GOING_AWAY: Closing("The server is shutting down.", retry=True),
    CloseCode.UNSUPPORTED_DATA: Closing("This socket does not take that kind of frame.", retry=False),
    CloseCode.MESSAGE_TOO_BIG: Closing("The message is larger than this socket allows.", retry=False),
    CloseCode.SERVICE_RESTART: Closing("The server is restarting; your sandbox goes on.", retry=True),
    CloseCode.UNAUTHENTICATED: Closing("Sign in first.", retry=False),
    CloseCode.FORBIDDEN: Closing("You may not open this.", retry=False),
    CloseCode.NOT_FOUND: Closing("There is no such thing here.", retry=False),
    CloseCode.SLOW_CONSUMER: Closing("This client reads too slowly and was cut off.", retry=True),
    CloseCode.BAD_FRAME: Closing("A frame could not be understood.", retry=False),
    CloseCode.IDLE_TIMEOUT: Closing("Nothing was heard from this client for too long.", retry=True),
    CloseCode.REVOKED: Closing("Your access was withdrawn.", retry=False),
    CloseCode.RELOAD: Closing("Too much happened meanwhile: reload.", retry=True),
    CloseCode.TOO_MANY: Closing("This is open too many times already: close some.", retry=False),
    CloseCode.SANDBOX_STOPPED: Closing(
        "The sandbox was stopped because it was idle. Open it again to go on.", retry=False
    ),
    CloseCode.SANDBOX_OUT_OF_MEMORY: Closing(
        "The sandbox ran out of memory. It starts again on your next action.", retry=True
    ),
    CloseCode.SANDBOX_DISK_FULL: Closing(
        "There is no room on the disk for the sandbox to start. Nothing is lost.", retry=True
    ),
    CloseCode.SANDBOX_EVICTED: Closing("The server needed the memory and stopped this sandbox.", retry=False),
    CloseCode.SANDBOX_CRASHED: Closing(
        "The sandbox ended unexpectedly. It starts again on your next action.", retry=True
    ),
    CloseCode.SANDBOX_ENGINE_GONE: Closing(
        "The container engine does not answer. Work goes on when it is back.", retry=True
    ),
    CloseCode.SANDBOX_DELETED: Closing("The project was deleted.", retry=False),
    CloseCode.SANDBOX_REPLACED: Closing("The sandbox was started anew.", retry=True),
    CloseCode.SANDBOX_TOO_OLD: Closing("The sandbox reached its maximum age and was stopped.", retry=False),
    CloseCode.SANDBOX_UNAVAILABLE: Closing("The sandbox cannot be reached at the moment.", retry=True),
    CloseCode.SANDBOX_MISBEHAVED: Closing("The sandbox sent something that is not allowed.", retry=True),
    CloseCode.SANDBOX_STOPPED_BY_USER: Closing(
        "The sandbox was stopped by somebody who works in it. Open it again to go on.", retry=False
    ),
    CloseCode.SANDBOX_STOPPED_BY_ADMIN: Closing(
        "An administrator stopped the sandbox. Your files are kept; open it again to go on.", retry=False
    ),
    CloseCode.TERMINAL_EXITED: Closing("The terminal's shell ended.", retry=False),
    CloseCode.TERMINAL_CLOSED: Closing("The terminal was closed.", retry=False),
    CloseCode.LANGUAGE_SERVER_GAVE_UP: Closing("The language server keeps crashing; restart it by hand.", retry=False),
    CloseCode.LANGUAGE_SERVER_RESTARTED: Closing("The language server starts anew.", retry=True),
}

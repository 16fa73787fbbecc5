"""uvicorn's side of a WebSocket: its opening handshake, its keepalive, and the messages of ASGI.

uvicorn's own protocol makes the handshake. Once the application accepted, the connection is a ``MessageSocket``: the frames of a
terminal pass here, and uvicorn's take four times as long.
"""

import asyncio
import os
from collections.abc import MutableMapping
from typing import Any, Final, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from .frames import Side
from .message_socket import HIGH_WATER, MessageSocket

LINGER_SEC: Final = 5.0
"""What a client has left, once nobody serves it any more, to take what is buffered for it."""
GOODBYE_SEC: Final = 10.0
"""What a client has to answer our goodbye."""
EXTENSION: Final = "aimforge.socket"
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012


class ServedSocket(MessageSocket):
    """A client's socket, which is pinged while it is open."""

    def __init__(self, protocol: "ServingProtocol", max_message: int) -> None:
        super().__init__(Side.SERVER, max_message)
        self._protocol = protocol
        self._loop = protocol.loop
        self._ping_interval = protocol.ping_interval
        self._ping_timeout = protocol.ping_timeout
        self._awaited = b""
        """Payload of the ping that was not answered yet."""
        self._timer: asyncio.TimerHandle | None = None
        self._schedule()

    def _schedule(self) -> None:
        if self._ping_interval:
            self._timer = self._loop.call_later(self._ping_interval, self._ping)

    def _ping(self) -> None:
        self._awaited = os.urandom(4)
        self.ping(self._awaited)
        self._timer = self._loop.call_later(self._ping_timeout or GOODBYE_SEC, self._give_up)

    def on_pong(self, payload: bytes) -> None:
        """Take an answer; one to an older ping, or to none, says nothing."""
        if self._awaited and payload == self._awaited:
            self._awaited = b""
            self._stop_pings()
            self._schedule()

    def _give_up(self) -> None:
        """Close, without waiting for a client that does not read to take what is buffered for it."""
        if self._held:
            self._schedule()  # what it says is not read: its answer may be among that
            return
        self._write_close(INTERNAL_ERROR, "keepalive ping timeout")
        self.end()
        if self._transport is not None and self._transport.get_write_buffer_size():
            self._transport.abort()

    def _stop_pings(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """Let go of the connection."""
        super().end()
        self._stop_pings()

    def say_goodbye(self, code: int, reason: str = "") -> None:
        """Send a close frame."""
        super().say_goodbye(code, reason)
        self._stop_pings()

    def restart(self) -> None:
        """Close because the server ends."""
        self._write_close(SERVICE_RESTART, "")
        self.close_code = SERVICE_RESTART
        self.end()

    def fail(self) -> None:
        """Close because the application failed."""
        self._write_close(INTERNAL_ERROR, "")
        self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._on_end is not None:
            self.end()  # nobody waits for one who has gone
        self._stop_pings()
        self._protocol.connection_lost(exc)


class ServingProtocol(WebSocketsSansIOProtocol):
    """What uvicorn makes for a connection that asks for a WebSocket."""

    _socket: ServedSocket | None = None
    _early = b""
    """What a client sent before it was accepted."""
    _lingering: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take the request. Later bytes come here only while the application has not decided."""
        if self.handshake_initiated:
            self._early += data
            if len(self._early) > HIGH_WATER:
                self.transport.pause_reading()
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # uvicorn does not pass on what the library says of a request that it cannot read.
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """Begin to serve; see ``served_socket``."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"] = {**(self.scope.get("extensions") or {}), EXTENSION: {"protocol": self}}

    @property
    def socket(self) -> ServedSocket:
        """The socket. Raises ``LookupError`` before it was accepted."""
        if self._socket is None:
            raise LookupError("The socket was not accepted.")
        return self._socket

    def start_keepalive(self) -> None:
        """Nothing: the socket pings for itself."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says. A refusal is as good an end of the handshake as an acceptance."""
        socket = self._socket
        if socket is None:
            await super().send(message)
            if message["type"] == "websocket.accept":
                if self.transport.is_closing():
                    raise ClientDisconnected
                self._socket = ServedSocket(self, self.config.ws_max_size)
                early, self._early = self._early, b""
                if len(early) > HIGH_WATER:
                    self.transport.resume_reading()
                self._socket.open(self.transport, early)
            elif message["type"] == "websocket.http.response.body" and self.close_sent:
                self.handshake_complete = True
        elif message["type"] == "websocket.send":
            if not socket.is_open:
                raise ClientDisconnected
            text = message.get("text")
            await socket.send(cast("str | bytes", message.get("bytes") if text is None else text))
        elif message["type"] == "websocket.close" and socket.is_open:
            socket.say_goodbye(message.get("code", 1000), message.get("reason") or "")
            self.close_timer = self.loop.call_later(GOODBYE_SEC, socket.end)

    async def receive(self) -> ASGIReceiveEvent:
        """Receive the next message of the client, or its end."""
        socket = self._socket
        if socket is None:
            return await super().receive()
        message = await socket.receive()
        if message is None:
            return {"type": "websocket.disconnect", "code": socket.close_code, "reason": socket.close_reason}
        if isinstance(message, str):
            return {"type": "websocket.receive", "text": message}
        return {"type": "websocket.receive", "bytes": message}

    def send_500_response(self) -> None:
        """Say that the application failed."""
        if self._socket is None:
            super().send_500_response()
        else:
            self._socket.fail()

    def shutdown(self) -> None:
        """Say that the server ends."""
        if self._socket is None:
            super().shutdown()
        else:
            self._socket.restart()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Nobody serves the client any more: it may take what is buffered for it, but not for ever."""
        super().on_task_complete(task)
        if not self.disconnected or self.transport.get_write_buffer_size():
            self._lingering = self.loop.call_later(LINGER_SEC, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        super().connection_lost(exc)
        if self._lingering is not None:
            self._lingering.cancel()


def served_socket(scope: MutableMapping[str, Any]) -> ServedSocket:
    """The accepted socket of an ASGI scope, for those who want its messages as they come. Raises ``LookupError``."""
    protocol: ServingProtocol = scope["extensions"][EXTENSION]["protocol"]
    return protocol.socket

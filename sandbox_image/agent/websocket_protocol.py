"""uvicorn's side of a WebSocket, which closes text that is none without taking it for a fault of the agent."""

from typing import Final

from sandbox_image.agent import bare_uvicorn

bare_uvicorn.install()

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol  # noqa: E402  # only now is it cheap

NOT_UTF8: Final = 1007
"""RFC 6455's code."""


class AgentWebSocketProtocol(WebSocketsSansIOProtocol):
    """The sans-I/O protocol, which holds at most one message a socket."""

    def send_receive_event_to_app(self) -> None:
        """Hand over a whole message; text that is not UTF-8 ends the connection with its code."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(NOT_UTF8, "text that is not UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

"""``ports.AgentLink`` over Unix sockets: HTTP/1.1 with pooled connections, and WebSockets.

- ``exchange``    one connection to an agent, one request and its answer at a time
- ``pool``        connections kept for the next request
- ``frames``      WebSocket frames, without input or output
- ``websocket``   a WebSocket to an agent, read no faster than it is consumed
- ``link``        the port itself
"""

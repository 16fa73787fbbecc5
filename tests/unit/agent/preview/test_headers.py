"""What passes between a page and a server in the sandbox, and what does not."""

from sandbox_image.agent.preview.headers import handshake_to_server, to_page, to_server


def test_credentials_and_hop_by_hop_headers_stay_outside() -> None:
    headers = [
        (b"accept", b"text/html"),
        (b"cookie", b"session=1"),
        (b"authorization", b"Bearer x"),
        (b"host", b"aimforge.example"),
        (b"connection", b"keep-alive, X-Secret-Hop"),
        (b"x-secret-hop", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"upgrade", b"h2c"),
        (b"x-forwarded-for", b"10.0.0.1"),
    ]
    assert to_server(headers) == [(b"accept", b"text/html"), (b"x-forwarded-for", b"10.0.0.1")]


def test_a_server_cannot_change_the_browsers_state() -> None:
    headers = [
        (b"content-type", b"text/html"),
        (b"Set-Cookie", b"session=stolen"),
        (b"clear-site-data", b'"*"'),
        (b"location", b"/next"),
        (b"transfer-encoding", b"chunked"),
    ]
    assert to_page(headers) == [(b"content-type", b"text/html"), (b"location", b"/next")]


def test_a_handshake_is_made_anew() -> None:
    headers = [(b"sec-websocket-key", b"x"), (b"sec-websocket-protocol", b"graphql"), (b"user-agent", b"b")]
    assert handshake_to_server(headers) == [(b"user-agent", b"b")]

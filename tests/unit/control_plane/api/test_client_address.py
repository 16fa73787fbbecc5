"""Where a request comes from, behind proxies and forged headers."""

import pytest
from starlette.requests import Request

from control_plane.api.client_address import ClientAddresses


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ((), "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (("10.0.0.0/8",), "9.9.9.9", "1.2.3.4", "9.9.9.9"),
        (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "junk", "junk"),
        (("::1",), "::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_proxies_of_ours_are_believed(trusted: tuple[str, ...], peer: str, forwarded: str, expected: str):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "headers": headers, "client": (peer, 1)})
    assert ClientAddresses(trusted).of(request) == expected

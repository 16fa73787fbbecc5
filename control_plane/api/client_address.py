"""Where a request comes from, also behind proxies of our own."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection


class ClientAddresses:
    """Reads addresses. Only a peer in a trusted network is believed what it says of others."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        """``trusted`` are addresses or networks of proxies. Raises ``ValueError``."""
        self._trusted: list[IPv4Network | IPv6Network] = [ip_network(network, strict=False) for network in trusted]

    def of(self, connection: HTTPConnection) -> str:
        """Return the client's address: the last one that a proxy of ours was asked from."""
        address = connection.client.host if connection.client is not None else ""
        if not self._trusted:
            return address
        hops = [hop.strip() for hop in connection.headers.get("x-forwarded-for", "").split(",")]
        while self._is_trusted(address) and hops and hops[-1]:
            address = hops.pop()
        return address[:64]

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)

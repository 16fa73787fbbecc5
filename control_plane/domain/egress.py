"""What a sandbox may reach: hosts by name, each with its ports, and whether it may lie on a private address.

Written in settings as ``name[:port][!]``: ``files.example``, ``*.example.org:443``, ``mirror.lan:8080!``. Without a port, 80
and 443 are meant; ``!`` says that the name may lie on a private address, as a company's mirror does.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
DEFAULT_PORTS: Final = frozenset({80, 443})
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
METADATA: Final = frozenset({"169.254.169.254", "fd00:ec2::254", "100.100.100.200"})
"""Where clouds hand out a machine's credentials: never reached, not even by an entry that allows private addresses."""


class EgressMode(StrEnum):
    """How much of the network is reached; each reaches what those before it do."""

    NONE = "none"
    PACKAGES = "packages"
    """The package index."""
    HOSTS = "hosts"
    """And the hosts that are named."""
    OPEN = "open"
    """And each public host, on ports 80 and 443."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One entry of an allow-list. ``name`` is lower case; ``*.`` in front allows all names below it, and not itself."""

    name: str
    ports: frozenset[int] = DEFAULT_PORTS
    private: bool = False

    def covers(self, name: str, port: int) -> bool:
        """Tell whether the entry allows the port of the name, given in canonical form."""
        if port not in self.ports:
            return False
        if self.name.startswith("*."):
            return name.endswith(self.name[1:])
        return name == self.name

    def __str__(self) -> str:
        """Write the entry as it is written in settings."""
        port = "" if self.ports == DEFAULT_PORTS else f":{min(self.ports)}"
        return f"{self.name}{port}{'!' if self.private else ''}"

    def may_lie_on(self, address: str) -> bool:
        """Tell whether the name may be reached at this address."""
        return is_public(address) or (self.private and not is_never(address))


ANY_HOST: Final = AllowedHost("*")
"""Stands for each host of the open mode, which has to be public."""


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What a gate lets through. Empty allows nothing.

    ``open`` lets through each public host on ports 80 and 443. ``bytes_per_sec`` holds for both directions together, 0 is no limit.
    ``advice`` is what people are told who are refused, after what was refused.
    """

    hosts: tuple[AllowedHost, ...] = ()
    open: bool = False
    bytes_per_sec: int = 0
    advice: str = ""

    def find(self, name: str, port: int) -> AllowedHost | None:
        """The entry that allows the port of the name, one that allows private addresses first."""
        found = [host for host in self.hosts if host.covers(name, port)]
        if found:
            return max(found, key=lambda host: host.private)
        return ANY_HOST if self.open and port in ANY_HOST.ports else None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that a sandbox sent and received through its gate."""

    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A connection that a gate let through or refused; ``times`` in all, the last ``at`` (seconds since 1970)."""

    at: float
    host: str
    port: int
    allowed: bool
    reason: str = ""
    times: int = 1


def parse_allowed_host(text: str) -> AllowedHost:
    """Read an entry. Raises ``ValueError`` that says what is wrong with it."""
    rest, bang, after = text.strip().partition("!")
    if after:
        raise ValueError(f"{text!r}: nothing may follow the !.")
    name, colon, port = rest.partition(":")
    wildcard = name.startswith("*.")
    canonical = canonical_name(name.removeprefix("*."))
    if canonical is None:
        raise ValueError(f"{text!r}: {name!r} is not a host name.")
    if wildcard and "." not in canonical:
        raise ValueError(f"{text!r}: a wildcard over a whole top-level domain is not allowed.")
    try:
        ports = frozenset({parse_port(port)}) if colon else DEFAULT_PORTS
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from error
    return AllowedHost(("*." if wildcard else "") + canonical, ports, bool(bang))


def parse_port(text: str) -> int:
    """Read a port. Raises ``ValueError`` that says what one is."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError("a port is a number from 1 to 65535.")
    return int(text)


def canonical_name(name: str) -> str | None:
    """The one form of a host name: lower case, no trailing dot, ASCII. None for what is no name, IP literals included.

    Addresses in any of the forms that C libraries read (``127.1``, ``0x7f000001``, ``2130706433``) are no names: their
    last label is a number, which no top-level domain is.
    """
    name = name.lower().removesuffix(".")
    if not name.isascii() or not 0 < len(name) <= 253:
        return None
    labels = name.split(".")
    if not all(LABEL.fullmatch(label) for label in labels):
        return None
    last = labels[-1]
    if last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last):
        return None
    return name


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet's. IPv4 inside IPv6, in any of its forms, counts as itself."""
    ip = _meant(address)
    return ip is not None and ip.is_global and not ip.is_multicast and not ip.is_reserved and str(ip) not in METADATA


def is_never(address: str) -> bool:
    """Tell whether nothing may be reached there, whatever a list says: metadata services, link-local, multicast, no address."""
    ip = _meant(address)
    return ip is None or ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) in METADATA


def _meant(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that an address leads to; None for what is none, or has a zone, which only link-local ones need."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip.scope_id is not None:
        return None
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is None and ip in NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if inner is None and int(ip) >> 32 == 0 and int(ip) > 1:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)  # the deprecated "compatible" form
    return inner or ip

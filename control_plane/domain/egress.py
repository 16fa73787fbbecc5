"""What a sandbox may reach: hosts by name, each with its ports, and whether it may lie on a private address.

Written in settings as ``name[:port][!]``: ``files.example``, ``*.example.org:443``, ``mirror.lan:8080!``. Without a port, 80
and 443 are meant; ``!`` says that the name may lie on a private address, as a company's mirror does.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
DEFAULT_PORTS: Final = frozenset({80, 443})


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


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """An allow-list. Empty allows nothing."""

    hosts: tuple[AllowedHost, ...] = ()

    def find(self, name: str, port: int) -> AllowedHost | None:
        """The entry that allows the port of the name."""
        return next((host for host in self.hosts if host.covers(name, port)), None)


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
    if colon and not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536):
        raise ValueError(f"{text!r}: a port is a number from 1 to 65535.")
    ports = frozenset({int(port)}) if colon else DEFAULT_PORTS
    return AllowedHost(("*." if wildcard else "") + canonical, ports, bool(bang))


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
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and int(ip) >> 32 == 0:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)  # the deprecated "compatible" form
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved

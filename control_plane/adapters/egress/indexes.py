"""Which hosts serve packages here: those that this machine's own pip and uv would ask.

This program names no index of its own. Where nothing is configured, the standard index is meant, and its hosts are read from
the pip that Python itself carries (``ensurepip``), so that they are right for the Python in use.
"""

import configparser
import ensurepip
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import structlog

from control_plane.domain.egress import AllowedHost, canonical_name

log = structlog.stdlib.get_logger()

MAIN: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
FURTHER: Final = ("UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX")
FILES: Final = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")
BUNDLED: Final = (Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels"))
STANDARD: Final = re.compile(r'^PyPI = PackageIndex\(\s*"([^"]+)",\s*file_storage_domain="([^"]+)"', re.MULTILINE)


def index_hosts(index_url: str = "", environment: Mapping[str, str] = os.environ) -> list[AllowedHost]:
    """The hosts of the index that is given, else of those that are configured, else of the standard one.

    They may lie on private addresses: a mirror of a school or a company does.
    """
    urls = (
        [index_url]
        if index_url
        else list(_configured(environment, (*MAIN, *FURTHER), ("index-url", "extra-index-url")))
    )
    hosts = {host for url in urls if (host := _host(url)) is not None}
    if not hosts:
        hosts = {AllowedHost(name, private=True) for name in standard_hosts()}
    return sorted(hosts, key=lambda host: host.name)


def listing_url(index_url: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """The address whose list of packages sandboxes search: the index that is given, else the one that this machine asks.

    Of one that is only configured here, user and password stay here. Empty where none is known.
    """
    if index_url:
        return index_url
    for url in _configured(environment, MAIN, ("index-url",)):
        if _host(url) is not None:
            parts = urlsplit(url)
            return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return next((f"https://{name}/simple/" for name in standard_hosts()), "")


@cache
def standard_hosts(folders: tuple[Path, ...] = BUNDLED) -> list[str]:
    """The hosts of the standard index: its pages, and its files."""
    for wheel in (wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))):
        with zipfile.ZipFile(wheel) as archive:
            found = STANDARD.search(archive.read("pip/_internal/models/index.py").decode())
        if found is not None:
            pages = urlsplit(found.group(1)).hostname
            return [name for name in (pages, found.group(2)) if name]
    log.warning("no_index_known", help="set AIMFORGE_INDEX_URL, or sandboxes cannot install packages")
    return []


def _configured(environment: Mapping[str, str], variables: Iterable[str], options: Iterable[str]) -> Iterator[str]:
    for variable in variables:
        yield from environment.get(variable, "").split()
    for name in (environment.get("PIP_CONFIG_FILE", ""), *FILES):
        parser = configparser.RawConfigParser()
        try:
            parser.read(Path(name).expanduser() if name else ())
        except configparser.Error as error:
            log.warning("pip_configuration_unreadable", file=name, error=str(error))
            continue
        for option in options:
            yield from parser.get("global", option, fallback="").split()


def _host(url: str) -> AllowedHost | None:
    parts = urlsplit(url.rpartition("=")[2] if url.partition("=")[0].isidentifier() else url)
    name = canonical_name(parts.hostname or "")
    if name is None or parts.scheme not in ("http", "https"):
        return None
    ports = frozenset({parts.port}) if parts.port else frozenset({80, 443})
    return AllowedHost(name, ports, private=True)

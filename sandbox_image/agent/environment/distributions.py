"""What is installed in an environment, read from the names of its ``dist-info`` folders."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from sandbox_image.wire.events import PackageChanged


class Distribution(Struct, frozen=True):
    """An installed distribution. ``record_size`` tells two builds of one version apart."""

    name: str
    version: str
    record_size: int


class Installed(Struct, frozen=True):
    """Complete distributions by their normalized name, and the folders of those that are half-way in or out."""

    packages: Mapping[str, Distribution]
    unfinished: tuple[Path, ...] = ()


def normalized(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def site_packages(venv: Path) -> Path | None:
    """The folder of an environment's packages, None when there is none."""
    return next(iter(sorted(venv.glob("lib/python3*/site-packages"))), None)


def installed(folder: Path | None) -> Installed:
    """Read a ``site-packages``. A distribution counts once its RECORD is there, which installers write last."""
    packages: dict[str, Distribution] = {}
    unfinished: list[Path] = []
    for path in sorted(folder.glob("*.dist-info")) if folder else []:
        name, _, version = path.name.removesuffix(".dist-info").rpartition("-")
        if not name:
            continue
        if name.startswith("~"):  # pip renames what it is about to remove
            unfinished.append(path)
            continue
        try:
            size = (path / "RECORD").stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            unfinished.append(path)
            continue
        packages[normalized(name)] = Distribution(name=name.replace("_", "-"), version=version, record_size=size)
    return Installed(packages, tuple(unfinished))


def fingerprint(python: str, packages: Mapping[str, Distribution]) -> str:
    """Digest of an interpreter and what is installed for it."""
    lines = [f"{one.name}=={one.version} {one.record_size}" for one in packages.values()]
    return hashlib.sha256("\n".join([python, *sorted(lines)]).encode()).hexdigest()[:24]


def difference(before: Mapping[str, Distribution], after: Mapping[str, Distribution]) -> PackageChanged | None:
    """What changed, each as ``name==version``; None when nothing did."""
    added = [_named(one) for name, one in after.items() if name not in before]
    removed = [_named(one) for name, one in before.items() if name not in after]
    updated = [_named(one) for name, one in after.items() if name in before and before[name] != one]
    if not (added or removed or updated):
        return None
    return PackageChanged(added=added, removed=removed, updated=updated)


def _named(one: Distribution) -> str:
    return f"{one.name}=={one.version}"

"""What can be installed without a network."""

from collections.abc import Iterable
from pathlib import Path

from sandbox_image.wire.environment import Package

from .distributions import normalized


def wheels_in(folders: Iterable[str]) -> list[Package]:
    """The packages whose wheels lie in ``folders``, by name; of several versions, the one whose file comes last."""
    found: dict[str, str] = {}
    for folder in folders:
        for wheel in sorted(Path(folder).glob("*.whl")) if folder else ():
            name, version, *_ = [*wheel.name.split("-"), ""]
            found[normalized(name)] = version
    return [Package(name=name, version=version) for name, version in sorted(found.items())]

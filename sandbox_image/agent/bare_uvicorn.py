"""uvicorn without its command line.

``import uvicorn`` imports the options of its command, and with them click: 3 MB and 40 ms, in every sandbox. Registered as
a bare package first, its modules can be imported one by one.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from typing import Final

PACKAGE: Final = "uvicorn"


def install() -> None:
    """Register the package without running its ``__init__``. Does nothing when it was imported already."""
    if PACKAGE in sys.modules:
        return
    found = find_spec(PACKAGE)
    if found is None or found.submodule_search_locations is None:
        raise ImportError(f"{PACKAGE} is not installed", name=PACKAGE)
    bare = ModuleSpec(PACKAGE, None, origin=found.origin, is_package=True)
    bare.submodule_search_locations = found.submodule_search_locations
    package = sys.modules[PACKAGE] = module_from_spec(bare)
    # The one name that its own modules take from the package.
    package.Config = import_module(f"{PACKAGE}.config").Config  # pyright: ignore[reportAttributeAccessIssue]

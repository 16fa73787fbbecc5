"""``python -m control_plane`` is ``aimforge``."""

import sys
from types import ModuleType
from typing import cast

# structlog imports rich wherever it is, a tenth of a second and 4 MB, to paint tracebacks that we write plainly.
sys.modules.setdefault("rich", cast("ModuleType", None))

from control_plane.cli import main  # noqa: E402

if __name__ == "__main__":
    main()

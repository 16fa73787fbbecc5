"""The front end's types are those of the wire format."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "frontend" / "scripts" / "wire_types.py"


def test_the_generated_types_are_up_to_date():
    checked = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr

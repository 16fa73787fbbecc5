import re
from pathlib import Path

import pytest

from control_plane.commands.misspelt import misspelt
from control_plane.settings import Settings
from control_plane.settings_in_force import variable_of

ROOT = Path(__file__).parents[3]
SETTINGS = [variable_of(name, field) for name, field in Settings.model_fields.items()]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("AIMFORGE_PROT", "AIMFORGE_PORT"),
        ("AIMFORGE_DATADIR", "AIMFORGE_DATA_DIR"),
        ("AIMFORGE_IDLE_PAUSE_SECS", "AIMFORGE_IDLE_PAUSE_SEC"),
        ("AIMFORGE_OICD_ALLOW", "AIMFORGE_OIDC_ALLOW"),
    ],
)
def test_a_slip_is_found_with_what_was_meant(slip: str, meant: str):
    assert misspelt([slip, meant, "PATH"], SETTINGS) == {slip: meant}


def test_settings_and_what_scripts_and_compose_read_are_no_slips():
    others = re.findall(r"AIMFORGE_[A-Z_]+[A-Z]", "".join(p.read_text() for p in (ROOT / "scripts").iterdir()))
    others += re.findall(r"AIMFORGE_[A-Z_]+[A-Z]", (ROOT / "compose.yaml").read_text())
    assert "AIMFORGE_HOME" in others
    assert misspelt([*SETTINGS, *others], SETTINGS) == {}

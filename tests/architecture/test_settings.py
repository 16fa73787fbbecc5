"""Every setting is documented, and documents name no others."""

import re
from pathlib import Path

from pydantic import AliasChoices

from control_plane.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def names() -> dict[str, list[str]]:
    """Each field's variables: ours first, then the original system's."""
    found: dict[str, list[str]] = {}
    for field, info in Settings.model_fields.items():
        alias = info.validation_alias
        found[field] = (
            [str(choice) for choice in alias.choices]
            if isinstance(alias, AliasChoices)
            else [f"AIMFORGE_{field.upper()}"]
        )
    return found


def test_every_setting_has_a_description_and_a_row():
    text = DOCUMENT.read_text()
    for field, variables in names().items():
        description = Settings.model_fields[field].description
        assert description, field
        for variable in variables:
            assert f"`{variable}`" in text, variable
        assert description in text, f"docs/settings.md does not say of {variables[0]}: {description}"


def test_no_row_is_about_a_setting_that_is_gone():
    known = {variable for variables in names().values() for variable in variables}
    rows = re.findall(r"^\| `([A-Z0-9_]+)`", DOCUMENT.read_text(), re.MULTILINE)
    assert set(rows) <= known
    assert len(rows) == len(Settings.model_fields)

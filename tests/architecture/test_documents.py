"""Documents say what the code does."""

import re
from pathlib import Path

import pytest

from sandbox_image.wire.closing import CLOSINGS

DOCS = Path(__file__).parents[2] / "docs"
TEXTS = Path(__file__).parents[2] / "frontend/src/shared/i18n/en"
GUIDES = ["guide.md", "guide-teachers.md"]


def test_every_close_code_is_documented():
    text = (DOCS / "sockets.md").read_text()
    for code, closing in CLOSINGS.items():
        row = f"| {int(code)} `{code.name.lower()}` | {closing.sentence} | {'yes' if closing.retry else 'no'} |"
        assert row in text


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_shows_and_links_to_is_there(guide: str):
    text = (DOCS / guide).read_text()
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)}
    local = {target for target in targets if target and "://" not in target}
    assert any(target.startswith("pictures/") for target in local)
    assert [target for target in sorted(local) if not (DOCS / target).is_file()] == []


def test_the_teachers_guide_calls_things_as_the_pages_do():
    texts: set[str] = set()
    for file in TEXTS.glob("*.ts"):
        texts.update(re.findall(r'^  "[\w.]+": "(.*)",$', file.read_text(), re.MULTILINE))
    named = re.findall(r"\*\*([^*]+)\*\*", (DOCS / "guide-teachers.md").read_text())
    assert len(named) > 10
    assert [name for name in named if " ".join(name.split()) not in texts] == []

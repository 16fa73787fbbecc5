"""Documents say what the code does."""

from pathlib import Path

from sandbox_image.wire.closing import CLOSINGS

DOCS = Path(__file__).parents[2] / "docs"


def test_every_close_code_is_documented():
    text = (DOCS / "sockets.md").read_text()
    for code, closing in CLOSINGS.items():
        row = f"| {int(code)} `{code.name.lower()}` | {closing.sentence} | {'yes' if closing.retry else 'no'} |"
        assert row in text

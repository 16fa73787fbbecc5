"""What a fresh server is warmed up with."""

import asyncio
import os
from pathlib import Path

from sandbox_image.agent.language.multiplexer import Multiplexer
from sandbox_image.agent.language.warm_up import imported_packages, warm_up
from tests.unit.agent.language.peers import Server


def test_packages_that_nodes_import_the_most_used_first(tmp_path: Path):
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes/a.py").write_text("import os\nimport numpy as np\nfrom pandas.core import x\n")
    (tmp_path / "nodes/b.py").write_bytes(b"\xff\n  import pandas\nfrom . import y\n# import ghost\n")
    (tmp_path / "main.py").write_text("text = 'import nothing'\n")
    os.mkfifo(tmp_path / "pipe.py")
    assert imported_packages(tmp_path) == ["pandas", "numpy"]
    assert imported_packages(tmp_path / "missing") == []


async def test_a_file_that_nobody_sees_is_opened_completed_and_closed():
    multiplexer = Multiplexer(dict)
    server = Server(multiplexer).start()
    warming = asyncio.create_task(warm_up(multiplexer, Path("/workspace"), ["pandas", "requests"]))
    await asyncio.sleep(0)
    opened, asked = server.got
    lines = opened["params"]["textDocument"]["text"].splitlines()
    assert lines == ["import os", "import pandas", "import requests", "pandas.DataFrame()."]
    assert asked["params"]["position"] == {"line": 3, "character": len(lines[3])}
    server.reply(asked, None)
    await warming
    assert server.got[-1]["method"] == "textDocument/didClose"


async def test_a_server_that_ends_meanwhile_is_left_alone():
    await warm_up(Multiplexer(dict), Path("/workspace"), [])

"""Whatever a node does ends in a typed error of its run, told by the public API, and the next run works."""

import pytest

from tests.security.deployment import Deployment, until

pytestmark = pytest.mark.engine

MIB = 1024 * 1024
ENDS: list[tuple[str, str, str]] = [
    ("exit", "import os\ndef main():\n    os._exit(3)", "Exited"),
    ("sys.exit", "import sys\ndef main():\n    sys.exit(4)", "Exited"),
    ("segfault", "import ctypes\ndef main():\n    ctypes.string_at(0)", "Killed"),
    ("kill all", "import os, signal\ndef main():\n    os.kill(-1, signal.SIGKILL)\n    os.kill(os.getpid(), 9)", "Killed"),
    ("kill by shell", "import os\ndef main():\n    os.system('kill -9 -1')\n    os.kill(os.getpid(), 9)", "Killed"),
    ("descriptors", "import os\ndef main():\n    os.closerange(0, 1000)", "Exited"),
    ("recursion", "def f(n):\n    return f(n + 1)\ndef main():\n    return f(0)", "RecursionError"),
    ("not picklable", "def main():\n    return (n for n in ())", "NotPicklable"),
    ("syntax", "def main():\n    return (\n", "SyntaxError"),
    ("no main", "value = 1\n", "NoMain"),
    ("disk", "def main():\n    with open('/tmp/full', 'wb') as f:\n        while True: f.write(bytes(2**20))", "DiskFull"),
    ("forks", "import os\ndef main():\n    while True:\n        os.fork()", "TooManyProcesses"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "source", "kind"), ENDS, ids=[end[0] for end in ENDS])
def test_each_end_is_typed_and_the_next_run_works(server: Deployment, project: str, what: str, source: str, kind: str):
    result = server.run(project, source)
    assert result["status"] == "failed", result
    assert (result["error"]["type"], bool(result["error"]["message"])) == (kind, True), (what, result["error"])
    until(lambda: server.works(project), "a run that works")
    server.ask("POST", f"/api/project/{project}/nodes", json={})  # and the agent answers other requests
    assert server.call("GET", f"/api/project/{project}")["nodes"]
    server.probe(
        project, "import os\ndef main():\n    os.path.exists('/tmp/full') and os.unlink('/tmp/full')\n    return {}\n"
    )


def test_an_error_says_where(server: Deployment, project: str):
    broken = server.run(project, "def main():\n    x = 1\n    return (\n")
    assert "line 3" in broken["error"]["message"]
    failing = server.run(project, "def helper():\n    return 1 / 0\n\n\ndef main():\n    return helper()\n")
    assert failing["error"]["type"] == "ZeroDivisionError"
    assert [(frame["line"], frame["function"]) for frame in failing["error"]["frames"]] == [(6, "main"), (2, "helper")]


def test_an_endless_loop_is_timed_out(server: Deployment, project: str):
    result = server.run(project, "def main():\n    while True: pass\n", timeout_sec=0.5)
    assert (result["status"], result["error"]["type"]) == ("timed_out", "TimedOut")
    assert server.works(project)


def test_a_closed_stdout_disturbs_nothing(server: Deployment, project: str):
    result = server.run(
        project,
        "import os, sys\ndef main():\n    print('before')\n    sys.stdout.close()\n    os.close(1)\n    return {'a': 5}\n",
    )
    assert (result["status"], result["stdout"]) == ("succeeded", "before\n")
    assert server.works(project)


def test_a_memory_bomb_is_told_as_such(server: Deployment, project: str):
    """The kernel takes the bomb, or the whole sandbox: either way people read why, and the next run works."""
    result = server.run(project, "def main():\n    kept = []\n    while True:\n        kept.append(b'x' * 2**20)\n")
    if result["status"] == "lost":
        assert "memory" in result["error"]["message"], result
    else:
        assert (result["status"], result["error"]["type"]) == ("failed", "OutOfMemory"), result
    until(lambda: server.works(project), "a run that works")


def test_a_gigabyte_of_output_is_cut_and_stored_nowhere(server: Deployment, project: str):
    before = server.resident()
    flood = "import os\ndef main():\n    for _ in range(1024): os.write(1, b'x' * 2**20)\n    return {'sent': 1024}\n"
    result = server.run(project, flood, timeout_sec=120)
    assert result["status"] == "succeeded", result["error"]
    assert result["output"]["mime"]["application/json"] == {"sent": 1024}
    assert MIB // 2 < len(result["stdout"]) < 3 * MIB
    assert result["stdout"].strip("x"), "a note tells that something was left out"
    assert server.resident() - before < 100 * MIB
    assert server.works(project)


def test_a_large_value_is_previewed_in_part(server: Deployment, project: str):
    result = server.run(project, "def main():\n    return 'x' * (64 * 2**20)\n")
    assert (result["status"], result["output"]["truncated"]) == ("succeeded", True)
    assert result["output"]["size"] >= 64 * MIB
    assert sum(len(str(value)) for value in result["output"]["mime"].values()) < 2 * MIB


def test_a_source_must_be_text(server: Deployment, project: str):
    node = server.node(project, "def main():\n    return {'kept': True}\n")
    code = f"/api/project/{project}/nodes/{node}/code"
    headers = {"content-type": "text/x-python"}
    assert "invalid" in server.refused("PUT", code, 422, content=b"def main():\n    return '\xff'\n", headers=headers)
    assert "too_large" in server.refused("PUT", code, 413, content=b"#" * (2 * MIB), headers=headers)
    assert server.run_node(project, node)["output"]["mime"]["application/json"] == {"kept": True}

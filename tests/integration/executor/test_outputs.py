"""What people see of a value, and what travels between nodes, made by real processes."""

import asyncio
import base64
from typing import Any

import pytest

from sandbox_image.agent.executor import JsonInput, KeyedInputs
from sandbox_image.agent.executor.executor import TableUnavailable
from sandbox_image.wire.limits import MAX_PREVIEW, MAX_STREAM
from sandbox_image.wire.runs import RunStatus

from .conftest import Bench, Heard, plain_json

TABLE = "application/vnd.aimforge.table+json"


async def test_displays_from_threads_and_forked_processes_do_not_get_into_each_other(bench: Bench) -> None:
    source = (
        "import os\nfrom concurrent.futures import ThreadPoolExecutor\ndef main():\n"
        "    with ThreadPoolExecutor(16) as pool: list(pool.map(lambda n: display('%02d' % n * 30_000), range(25)))\n"
        "    if not (child := os.fork()):\n        display('from the child')\n        os._exit(0)\n"
        "    os.waitpid(child, 0)\n    return 1"
    )
    heard = Heard()
    outcome = await bench.run(source, heard)
    assert outcome.status is RunStatus.SUCCEEDED, outcome.error
    assert len(heard.displays) == 25
    assert "from the child" in outcome.stdout


async def test_displays_end_where_an_answer_would_be_too_large_whatever_they_are(bench: Bench) -> None:
    source = (
        "class Korean:\n    def _repr_html_(self): return '\ud55c' * 60_000\n"
        "def main():\n    for _ in range(90): display(KIND)\n    return 1"
    )
    for kind in ("Korean()", "[{str(n): 'x' * 900 for n in range(10)}] * 20"):
        outcome = await bench.run(source.replace("KIND", kind))
        assert outcome.status is RunStatus.SUCCEEDED, outcome.error
        assert 0 < len(outcome.displays) < 90
        assert outcome.stderr == "There are too many displays; the rest is not shown.\n"


async def test_standard_streams_can_be_wrapped_anew(bench: Bench) -> None:
    outcome = await bench.run(
        "import io, sys\nclass Loud:\n    def __repr__(self):\n        print('in repr', end='')\n        return 'loud'\n"
        "def main():\n    assert not sys.stdout.seekable()\n"
        "    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')\n    print('wrapped')\n"
        "    sys.stderr.reconfigure(encoding='latin-1')\n    print('again', file=sys.stderr)\n    return Loud()"
    )
    assert outcome.error is None
    assert (outcome.stdout, outcome.stderr) == ("wrapped\nin repr", "again\n")


async def test_a_thread_that_prints_all_the_time_does_not_notice_when_nobody_reads_any_more(bench: Bench) -> None:
    source = (
        "import threading\nfrom pathlib import Path\n"
        "def late():\n    while not Path('stop').exists():\n        print('late')\n    Path('done').touch()\n"
        "def main():\n    threading.Thread(target=late).start()\n    return 1"
    )
    for _ in range(5):
        for name in ("stop", "done"):
            (bench.workspace / name).unlink(missing_ok=True)
        assert plain_json(await bench.run(source)) == 1
        (bench.workspace / "stop").touch()
        async with asyncio.timeout(60):
            while not (bench.workspace / "done").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_threads_that_outlive_main_come_to_their_end(bench: Bench) -> None:
    source = (
        "import threading, time\nfrom concurrent.futures import ThreadPoolExecutor\nfrom pathlib import Path\n"
        "def late(name):\n    while not Path('go').exists(): time.sleep(0.01)\n    print('late')\n    Path(name).touch()\n"
        "def main():\n    threading.Thread(target=late, args=('thread',)).start()\n"
        "    ThreadPoolExecutor(1).submit(late, 'pool')\n    return 1"
    )
    assert plain_json(await bench.run(source)) == 1  # it does not wait for them
    (bench.workspace / "go").touch()
    async with asyncio.timeout(60):
        while True:
            if all((bench.workspace / name).exists() for name in ("thread", "pool")):
                return
            await asyncio.sleep(0.01)


async def test_a_representation_that_exits_is_a_note(bench: Bench) -> None:
    outcome = await bench.run("class A:\n    def __repr__(self): raise SystemExit(3)\ndef main():\n    return A()")
    assert outcome.output is not None
    assert outcome.output.note == "repr failed: SystemExit: 3"


async def test_an_error_tells_notes_causes_and_what_a_group_holds(bench: Bench) -> None:
    noted = await bench.run(
        "def main():\n    try:\n        {}['k']\n    except KeyError as error:\n"
        "        late = ValueError('cannot load')\n        late.add_note('look at row 5')\n        raise late from error"
    )
    assert noted.error is not None
    assert noted.error.message == "cannot load\nlook at row 5\nCaused by KeyError: 'k'"
    group = await bench.run(
        "import asyncio\nasync def part():\n    raise ValueError('boom')\nasync def main():\n"
        "    async with asyncio.TaskGroup() as tasks:\n        tasks.create_task(part())"
    )
    assert group.error is not None
    assert group.error.type == "ExceptionGroup"
    assert group.error.message.endswith("(1 sub-exception)\n• ValueError: boom")
    assert group.error.frames[-1].function == "part"


async def test_streams_are_kept_apart_in_order_and_out_of_the_result(bench: Bench) -> None:
    heard = Heard()
    source = (
        "import os, sys\ndef main():\n    print('eins')\n    print('zwei', file=sys.stderr)\n    os.write(1, b'\\xff')\n"
        "    for part in (b'\\xe2', b'\\x82', b'\\xac\\n'): os.write(1, part)\n    sys.stdout.write('ohne Ende')\n    return {'a': 1}"
    )
    outcome = await bench.run(source, heard)
    assert (outcome.stdout, outcome.stderr) == ("eins\n\ufffd€\nohne Ende", "zwei\n")
    told = [(text, offset) for name, text, offset in heard.streams if name == "stdout"]
    assert "".join(text for text, _ in told) == outcome.stdout
    assert told[0][1] == 0
    assert plain_json(outcome) == {"a": 1}


async def test_a_flood_of_output_is_cut_in_the_middle(bench: Bench) -> None:
    heard = Heard()
    source = "import sys\ndef main():\n    print('first')\n    for _ in range(400): sys.stdout.write('x' * 99999 + '\\n')\n    print('last')"
    outcome = await bench.run(source, heard)
    assert outcome.stdout.startswith("first\nxxx")
    assert outcome.stdout.endswith("x\nlast\n")
    assert "bytes left out" in outcome.stdout
    assert len(outcome.stdout) <= MAX_STREAM + 100
    assert sum(len(text) for _, text, _ in heard.streams) < 8 * MAX_STREAM
    assert heard.streams[-1][1].endswith("last\n")


@pytest.mark.parametrize(
    ("expression", "kind", "json"),
    [
        ("None", "NoneType", None),
        ("{'a': [1, 2.5, True, None, 'ü']}", "dict", {"a": [1, 2.5, True, None, "ü"]}),
        ("float('nan')", "float", "nan"),
        ("'\\ud800'", "str", "?"),
        ("2 ** 70", "int", str(2**70)),
        ("__import__('numpy').int64(7)", "numpy.int64", 7),
        ("{'at': __import__('numpy').datetime64('2020-01-02', 'ns')}", "dict", {"at": "2020-01-02T00:00:00.000000000"}),
        ("[__import__('numpy').datetime64('NaT')]", "list", [None]),
    ],
)
async def test_plain_data_is_json(bench: Bench, expression: str, kind: str, json: Any) -> None:
    outcome = await bench.run(f"def main():\n    return {expression}")
    assert outcome.output is not None, outcome.error
    assert (outcome.output.type, outcome.output.mime["application/json"]) == (kind, json)


async def test_large_values_are_cut_and_say_so(bench: Bench) -> None:
    for expression in (
        "'x' * 50_000_000",
        "list(range(3_000_000))",
        "b'x' * 50_000_000",
        "{str(n): [n] for n in range(300_000)}",
    ):
        outcome = await bench.run(f"def main():\n    return {expression}")
        assert outcome.output is not None, outcome.error
        assert outcome.output.truncated
        assert "cut" in outcome.output.note
        assert all(len(str(item)) <= 4 * MAX_PREVIEW for item in outcome.output.mime.values())


async def test_representations_that_fail_become_notes(bench: Bench) -> None:
    source = (
        "class A:\n    def __repr__(self): raise ValueError('no repr')\n    def _repr_html_(self): return 5\n"
        "    def _repr_svg_(self): return '<svg/>'\ndef main():\n    return A()"
    )
    outcome = await bench.run(source)
    assert outcome.output is not None, outcome.error
    assert outcome.output.mime == {"image/svg+xml": "<svg/>", "text/plain": "<A>"}
    assert "no repr" in outcome.output.note
    assert "_repr_html_" in outcome.output.note


async def test_tables_and_their_pages(bench: Bench) -> None:
    source = (
        "import pandas as pd\ndef main():\n    n = range(250)\n"
        "    return pd.DataFrame({'n': n, 's': [f'{i % 7}' for i in n], 't': pd.NaT, 'f': [float('nan')] * 250}, index=[f'i{i}' for i in n])"
    )
    outcome = await bench.run(source)
    assert outcome.output is not None, outcome.error
    table = outcome.output.mime[TABLE]
    assert outcome.output.type == "pandas.DataFrame"
    assert [column["name"] for column in table["columns"]] == ["index", "n", "s", "t", "f"]
    assert (table["rows"][1], len(table["rows"]), table["total_rows"]) == (["i1", 1, "1", None, None], 100, 250)
    value = outcome.values["output"]
    page = await bench.executor.table(value, offset=240, rows=20, column="n", descending=True)
    assert page is not None
    assert [row[1] for row in page["rows"]] == list(range(9, -1, -1))
    with pytest.raises(TableUnavailable, match="nope"):
        await bench.executor.table(value, offset=0, rows=1, column="nope", descending=False)
    records = await bench.run("def main():\n    return [{'a': 1}, {'a': 2, 'b': 'x'}]")
    assert records.output is not None
    assert records.output.mime[TABLE]["rows"] == [[1, None], [2, "x"]]
    number = (await bench.run("def main():\n    return 1")).values["output"]
    assert await bench.executor.table(number, offset=0, rows=1, column="", descending=False) is None


async def test_figures_need_no_code_of_the_user(bench: Bench) -> None:
    heard = Heard()
    source = (
        "import matplotlib.pyplot as plt\ndef main():\n    plt.plot([1, 2]); plt.show()\n    plt.figure(); plt.plot([3])\n"
        "    fig, _ = plt.subplots()\n    display('shown')\n    return fig"
    )
    outcome = await bench.run(source, heard)
    assert outcome.output is not None, outcome.error
    pictures = [output.mime.get("image/png") for output in (*outcome.displays, outcome.output)]
    assert [picture is not None for picture in pictures] == [True, False, True, True]
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures if picture)
    assert heard.displays == outcome.displays
    assert "non-interactive" not in outcome.stderr


async def test_values_travel_and_siblings_do_not_share_them(bench: Bench) -> None:
    made = await bench.run("import numpy as np\ndef main():\n    return {'big': np.zeros(300_000), 'name': 'x'}")
    value = made.values["output"]
    assert value.path is not None
    change = "def main(x):\n    x['big'][:] = 7\n    return float(x['big'].sum())"
    read = "def main(x):\n    return float(x['big'].sum())"
    changed, seen = await asyncio.gather(
        *(bench.run(source, ports=["x"], inputs={"x": value}) for source in (change, read))
    )
    assert (plain_json(changed), plain_json(seen)) == (2_100_000.0, 0.0)
    assert plain_json(await bench.run(read, ports=["x"], inputs={"x": value})) == 0.0
    again = await bench.run("import numpy as np\ndef main():\n    return {'big': np.zeros(300_000), 'name': 'x'}")
    assert await again.values["output"].digest() == await value.digest()


async def test_classes_of_a_node_travel_by_its_file(bench: Bench) -> None:
    source = "class Point:\n    def __init__(self): self.x = 3\ndef main():\n    return Point()"
    (bench.workspace / "nodes").mkdir()
    (bench.workspace / "nodes" / "point.py").write_text(source)
    made = await bench.run(source, file="nodes/point.py")
    outcome = await bench.run("def main(p):\n    return p.x", ports=["p"], inputs={"p": made.values["output"]})
    assert plain_json(outcome) == 3


async def test_all_kinds_of_arguments_arrive(bench: Bench) -> None:
    one = (await bench.run("def main():\n    return 1")).values["output"]
    source = "async def main(a, b=2, c=3, *, d=4, e=5):\n    return [a, b, c, d, e]"
    inputs = {"a": KeyedInputs([("x", one), ("y", JsonInput("j"))]), "c": JsonInput(9)}
    outcome = await bench.run(source, ports=["a", "b", "c"], inputs=inputs, settings={"e": 6})
    assert plain_json(outcome) == [{"x": 1, "y": "j"}, 2, 9, 4, 6]
    fields = await bench.run("def main():\n    return {'x': 1, 'y': 2}", outputs=["x", "y"])
    assert sorted(fields.values) == ["x", "y"]
    lacking = await bench.run("def main():\n    return {'x': 1}", outputs=["x", "y"])
    assert lacking.error is not None
    assert "left out y" in lacking.error.message


async def test_tracebacks_show_the_users_own_lines(bench: Bench) -> None:
    (bench.workspace / "own.py").write_text("import json\ndef parse():\n    return json.loads('{')\n")
    outcome = await bench.run("import own\n\ndef main():\n    return own.parse()\n", file="nodes/clean.py")
    assert outcome.error is not None
    frames = [(frame.file, frame.line, frame.function, frame.text) for frame in outcome.error.frames]
    assert frames == [
        ("nodes/clean.py", 4, "main", "return own.parse()"),
        ("own.py", 3, "parse", "return json.loads('{')"),
    ]


async def test_each_run_is_a_fresh_process_with_its_own_random_numbers(bench: Bench) -> None:
    bench.executor.learn(["import numpy"])
    source = "import os, random, sys\nimport numpy as np\nn = globals().get('n', 0) + 1\ndef main():\n    return [os.getpid(), random.random(), np.random.rand(), n]"
    runs = [plain_json(await bench.run(source)) for _ in range(3)]
    assert all(len({run[index] for run in runs}) == 3 for index in range(3))
    assert {run[3] for run in runs} == {1}


async def test_a_value_that_cannot_be_written_leaves_nothing_behind(bench: Bench) -> None:
    source = "import resource\ndef main():\n    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n    return b'x' * 1_000_000"
    outcome = await bench.run(source)
    assert outcome.status is RunStatus.FAILED
    assert not list((bench.workspace / ".aimforge/cache/values").iterdir())

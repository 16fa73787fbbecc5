"""Hidden tests of a class: how long all take side by side, and how long one after the other."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.bench import Bench, timed
from benchmarks.figure import Bar, Compare, Figure, Row, median
from benchmarks.product import until
from benchmarks.school import School, asked, signed_in

AT_ONCE = 4
WORK = "import time\n\n\ndef main():\n    time.sleep(1)\n    return 42\n"
TEST = "def main(answer):\n    assert answer == 42\n    return {'points': 1}\n"


def measure(bench: Bench) -> list[Row]:
    """Let students hand in, test some of them alone, then all of them."""
    size, alone_count = (4, 1) if bench.quick else (30, 5)
    students = [f"s{number:02}" for number in range(size)]
    with School(TESTS_AT_ONCE=str(AT_ONCE), IDLE_PAUSE_SEC="5", REAP_SEC="1") as school:
        assignment = school.assignment(school.course(students), WORK, TEST)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda login: hand_in(school, assignment, login), students))
        alone = [timed(lambda login=login: tested(school, assignment, [login])) for login in students[:alone_count]]
        rows: list[dict[str, Any]] = []
        wall = timed(lambda: rows.extend(tested(school, assignment, [])))
    passed = sum(row["passed"] for row in rows)
    if passed != size:
        raise RuntimeError(f"{passed} of {size} passed: {[row['message'] for row in rows if not row['passed']][:3]}")
    return [
        Row(
            label=f"hidden tests of {size} submissions",
            unit="ms",
            ours=[wall],
            peer_name=f"{size} × one alone",
            peer=[size * median(alone)],
            bar=Bar(Compare.RATIO, 0.5),
            note=f"{AT_ONCE} at once; one alone takes {median(alone):.0f} ms, of which the submission sleeps 1000",
        )
    ]


def hand_in(school: School, assignment: str, login: str) -> None:
    """Start, hand in, and let the sandbox rest."""
    with school.browser() as connection:
        me = signed_in(connection, login, school.origin)
        project = asked(connection, me, "POST", f"{assignment}/start")["project_id"]
        asked(connection, me, "POST", f"{assignment}/hand-in")
        asked(connection, me, "POST", f"/api/project/{project}/sandbox/stop")


def tested(school: School, assignment: str, logins: list[str]) -> list[dict[str, Any]]:
    """Run hidden tests and wait until they are over; the rows."""
    school.call("POST", f"{assignment}/tests", {"logins": logins})

    def over() -> dict[str, Any] | None:
        table = school.call("GET", f"{assignment}/tests")
        return None if table["running"] + table["waiting"] else table

    rows: list[dict[str, Any]] = until("the hidden tests", over, within=900)["rows"]
    return rows


FIGURE = Figure(
    name="hidden-tests", title="hidden tests of 30 submissions, over the sum of single ones", measure=measure
)

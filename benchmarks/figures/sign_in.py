"""A student signs in, starts the assignment and runs its node: how long until the first result is there."""

from benchmarks.bench import Bench, timed
from benchmarks.figure import Figure, Row
from benchmarks.school import School, asked, signed_in

WORK = "def main():\n    return 6 * 7\n"


def measure(bench: Bench) -> list[Row]:
    """Each student comes once, one after the other, and again when their sandbox rests."""
    students = [f"s{number:02}" for number in range(bench.count(10, 2))]
    with School() as school:
        assignment = school.assignment(school.course(students), WORK)
        projects: dict[str, str] = {}

        def come(login: str) -> None:
            projects[login] = first_result(school, assignment, login)

        first = [timed(lambda login=login: come(login)) for login in students]
        for project in projects.values():
            stop(school, project)
        again = [timed(lambda login=login: come(login)) for login in students]
    label = "a student's sign-in to first result"
    return [
        Row(label=f"{label}, new", unit="ms", ours=first, note="sign-in, start of the assignment, run of its node"),
        Row(label=f"{label}, stopped", unit="ms", ours=again, note="the project is there, its sandbox is stopped"),
    ]


def first_result(school: School, assignment: str, login: str) -> str:
    """Sign in, start, run; the project's id. Raises ``RuntimeError`` unless the node succeeded."""
    with school.browser() as connection:
        me = signed_in(connection, login, school.origin)
        project: str = asked(connection, me, "POST", f"{assignment}/start")["project_id"]
        (node,) = asked(connection, me, "GET", f"/api/project/{project}")["nodes"]
        body = {"project_id": project, "node_id": node["id"]}
        ran = asked(connection, me, "POST", "/api/code/execute-node", body)
    if ran["status"] != "succeeded":
        raise RuntimeError(f"A student's node did not succeed: {ran}")
    return project


def stop(school: School, project: str) -> None:
    """Stop a student's sandbox, as an administrator does."""
    school.call("POST", f"/api/admin/sandboxes/{project}/stop")


FIGURE = Figure(name="sign-in", title="a student's sign-in to first result", measure=measure)

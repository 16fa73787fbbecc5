"""The product in hosted mode: an administrator, a course, and students who sign in."""

import os
import subprocess
import sys
from typing import Any, Final

from benchmarks.client import Answer, Connection, checked_status
from benchmarks.product import IMAGE, ROOT, Product

PASSWORD: Final = "correct horse battery"
COOKIE: Final = "set-cookie"


class School(Product):
    """A server with accounts. ``call`` asks as its administrator, who teaches as well."""

    def __init__(self, **settings: str) -> None:
        given = {f"AIMFORGE_{name}": value for name, value in settings.items()}
        super().__init__({"AIMFORGE_MODE": "hosted"} | given)

    def start(self) -> None:
        """Make the first administrator, start the server, and get that administrator a token."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_") or name == IMAGE}
        ours = {
            "AIMFORGE_DATA_DIR": str(self.folder),
            "AIMFORGE_PORT": "0",
            "AIMFORGE_DEPLOYMENT": self.deployment,
            "AIMFORGE_LOG_LEVEL": "error",
        }
        environment = kept | ours | self._environment
        command = [sys.executable, "-m", "control_plane"]
        add = [*command, "user", "add", "root", "--role", "admin", "--password-stdin"]
        subprocess.run(
            add, cwd=ROOT, env=environment, input=f"{PASSWORD}\n", text=True, check=True, stdout=subprocess.DEVNULL
        )
        self._process = subprocess.Popen([*command, "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode().strip()
        if "://" not in line:
            raise RuntimeError("The server did not start; its reason is above.")
        self.address = ("127.0.0.1", int(line.rpartition(":")[2].strip("/")))
        with self.browser() as connection:
            session = signed_in(connection, "root", self.origin)
            body = {"name": "benchmarks", "scope": "admin"}
            self.token = checked_status(connection.request("POST", "/api/tokens", body, session)).json()["token"]

    @property
    def origin(self) -> str:
        """Origin of the server's pages."""
        return f"http://127.0.0.1:{self.address[1]}"

    def browser(self) -> Connection:
        """Open a connection of somebody who is not signed in."""
        return Connection(self.address, {"host": f"127.0.0.1:{self.address[1]}"})

    def course(self, students: list[str]) -> str:
        """Make a course with these students, who have accounts; return its path."""
        for login in students:
            self.call("POST", "/api/people", {"login": login, "role": "student", "password": PASSWORD})
        path = f"/api/courses/{self.call('POST', '/api/courses', {'title': 'Course'})['id']}"
        listed = "login,name\n" + "".join(f"{login},{login}\n" for login in students)
        self.call("POST", f"{path}/members", listed.encode(), {"content-type": "text/csv"})
        return path

    def assignment(self, course: str, work: str, test: str = "") -> str:
        """Publish an assignment of a project with one node, and a hidden test of it; return its path."""
        project = self.make("assignment")
        node = project.node("Work", work)
        hidden = [project.node("Test", test)] if test else []
        for other in hidden:
            project.edge(node, other)
        body = {"title": "Assignment", "project_id": project.id, "hidden_nodes": hidden}
        path = f"/api/assignments/{self.call('POST', f'{course}/assignments', body)['id']}"
        self.call("POST", f"{path}/publish")
        project.call("POST", "/sandbox/stop")
        return path


def signed_in(connection: Connection, login: str, origin: str) -> dict[str, str]:
    """Sign in; return the headers of that browser."""
    body = {"login": login, "password": PASSWORD}
    answer: Answer = checked_status(connection.request("POST", "/api/session", body, {"origin": origin}))
    return {"cookie": answer.headers[COOKIE].partition(";")[0], "origin": origin}


def asked(connection: Connection, who: dict[str, str], method: str, path: str, body: Any = b"") -> Any:
    """Ask as somebody who is signed in; the answer's JSON."""
    answer = checked_status(connection.request(method, path, body, who))
    return answer.json() if answer.body else None

"""A course's members as a spreadsheet program writes them: CSV with the columns login, name and, if there is one, role."""

import csv
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from control_plane.domain.courses import CourseRole
from control_plane.domain.errors import Invalid
from control_plane.domain.people import canonical_login, check_person_name

MAX_BYTES: Final = 1024 * 1024
MAX_LINES: Final = 5000
MAX_SHOWN: Final = 80
DELIMITERS: Final = ",;\t"
LINE_ENDS: Final = re.compile("\r\n|\n|\r")
COLUMNS: Final = ("login", "name", "role")
HEADINGS: Final[Mapping[str, str]] = {
    "login": "login",
    "email": "login",
    "e-mail": "login",
    "mail": "login",
    "username": "login",
    "name": "name",
    "full name": "name",
    "role": "role",
}
"""What a header line may call the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A member as a line names them; ``line`` counts from 1, and is 0 for who is named without a list. An empty name and no role:
    as it was, for who is a member already.
    """

    line: int = 0
    login: str
    name: str = ""
    role: CourseRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A line that was not understood; ``line`` counts from 1, ``text`` is the beginning of it."""

    line: int
    text: str
    problem: str


def read_member_list(body: bytes) -> tuple[list[Listed], list[Problem]]:
    """Read a list line by line: a line that is wrong spoils no other. Raises ``Invalid`` where nothing can be read.

    Of a login that is named twice, the first line counts.
    """
    lines = LINE_ENDS.split(_decoded(body))
    if not lines[-1]:
        lines.pop()
    if len(lines) > MAX_LINES:
        raise Invalid(f"The list has {len(lines)} lines; at most {MAX_LINES} are read at once.")
    delimiter = _delimiter_of(lines)
    columns: Sequence[str] | None = None
    listed: dict[str, Listed] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        try:
            cells = _cells(line, delimiter)
            if not any(cells):
                continue
            if columns is None:
                columns = _header_of(cells) or COLUMNS
                if columns is not COLUMNS:
                    continue
            member = _member(number, dict(zip(columns, cells, strict=False)), listed)
        except Invalid as error:
            shown = "".join(character if character.isprintable() else " " for character in line[:MAX_SHOWN])
            problems.append(Problem(line=number, text=shown, problem=error.message))
        else:
            listed[member.login] = member
    return list(listed.values()), problems


def _decoded(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise Invalid(f"The list is larger than {MAX_BYTES} bytes.")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("The list is written in UTF-16: save it as CSV in UTF-8.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Invalid(f"Line {line} is not written in UTF-8: save the list as CSV in UTF-8.", line=line) from error


def _delimiter_of(lines: Sequence[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(f"The line is no CSV: {error}.") from error
    return [cell.strip() for cell in rows[0]] if rows else []


def _header_of(cells: Sequence[str]) -> Sequence[str] | None:
    """Return the columns that a header line names; None when it is none."""
    named = [HEADINGS.get(cell.casefold(), "") for cell in cells]
    return named if "login" in named else None


def _member(line: int, cells: Mapping[str, str], others: Container[str]) -> Listed:
    login = canonical_login(cells.get("login", ""))
    if login in others:
        raise Invalid(f"{login} is named twice: the first line counts.")
    role, name = cells.get("role", "").casefold(), cells.get("name", "")
    if role and role not in frozenset(CourseRole):
        raise Invalid("The role is student or teacher.")
    return Listed(
        line=line,
        login=login,
        name=check_person_name(name) if name else "",
        role=CourseRole(role) if role else None,
    )

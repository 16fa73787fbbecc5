"""The audit log, for administrators."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.people_schemas import AuditLine, AuditPage
from control_plane.domain.access import Policy
from control_plane.domain.audit import AuditAction, AuditEntry, AuditFilter
from control_plane.domain.errors import Invalid

TAG: Final = "audit"
CSV: Final = "text/csv"
PAGE: Final = 100
LARGEST_PAGE: Final = 1000
COLUMNS: Final = ("id", "at", "action", "actor", "actor_name", "project_id", "project_name", "address", "detail")
QUERY: Final = ("actor", "action", "project_id", "since", "until", "before")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def wanted(call: Call) -> AuditFilter:
    """Read the filter of the query. Raises ``Invalid``."""
    given = call.request.query_params
    return AuditFilter(
        actor=given.get("actor", ""),
        action=given.get("action", ""),
        project_id=given.get("project_id", ""),
        since=seconds(given.get("since"), "since"),
        until=seconds(given.get("until"), "until"),
        before_id=call.query_number("before", 0, 2**53) or None,
    )


def seconds(text: str | None, name: str) -> float | None:
    """Read seconds since 1970. Raises ``Invalid``."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"{name} must be seconds since 1970, not {text[:40]!r}.", field=name) from None


def describe(call: Call, entry: AuditEntry) -> AuditLine:
    """Describe an entry with the names that people have now."""
    hosted = call.services.hosted
    return AuditLine(
        id=entry.id,
        at=entry.at,
        action=entry.action.value,
        actor=entry.actor,
        actor_name=hosted.accounts.name_of(entry.actor) if hosted is not None else "",
        project_id=entry.project_id,
        project_name=call.services.registry.name_of(entry.project_id),
        address=entry.address,
        detail=dict(entry.detail),
    )


async def read(call: Call) -> Response:
    """Answer with a page of the log."""
    limit = max(1, call.query_number("limit", PAGE, LARGEST_PAGE))
    found = await call.services.audit.read(wanted(call), limit)
    next_before = found[-1].id if len(found) == limit else None
    return answer(AuditPage(entries=[describe(call, entry) for entry in found], next_before=next_before))


async def export(call: Call) -> Response:
    """Answer with the whole log that the filter asks for, as CSV, page by page."""
    asked = wanted(call)
    call.services.audit.record(AuditAction.AUDIT_EXPORTED, call.actor, filter=str(call.request.query_params))

    async def lines() -> AsyncIterator[str]:
        yield row(COLUMNS)
        before = asked.before_id
        while True:
            page = await call.services.audit.read(replace(asked, before_id=before), LARGEST_PAGE)
            yield "".join(row(cells(describe(call, entry))) for entry in page)
            if len(page) < LARGEST_PAGE:
                return
            before = page[-1].id

    headers = {"content-disposition": 'attachment; filename="audit.csv"', "cache-control": "no-store"}
    return StreamingResponse(lines(), 200, headers, f"{CSV}; charset=utf-8")


def cells(line: AuditLine) -> tuple[str, ...]:
    """Return an entry's cells. What a spreadsheet would take for a formula is marked as text."""
    at = datetime.fromtimestamp(line.at, UTC).isoformat()
    texts = (line.action, line.actor, line.actor_name, line.project_id, line.project_name, line.address)
    safe = tuple("'" + text if text.startswith(FORMULA) else text for text in texts)
    return (str(line.id), at, *safe, msgspec.json.encode(line.detail).decode())


def row(values: tuple[str, ...]) -> str:
    """Write one line."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


OPERATIONS: Final = [
    Operation(
        id="read_audit",
        method="GET",
        path="/api/audit",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Read the audit log, newest first",
        description="`action` may be a group, such as `token.`; `before` continues with an answer's `next_before`.",
        endpoint=read,
        query=(*QUERY, "limit"),
        answer=AuditPage,
    ),
    Operation(
        id="export_audit",
        method="GET",
        path="/api/audit/export",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Download the audit log as CSV",
        endpoint=export,
        query=QUERY,
        answer=CSV,
    ),
]

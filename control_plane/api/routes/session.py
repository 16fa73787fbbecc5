"""Signing in, and whether the server is well."""

from collections import Counter
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from control_plane import __version__
from control_plane.api.dependencies import Call, answer
from control_plane.api.guard import SECURE_SESSION_COOKIE
from control_plane.api.operation import Operation
from control_plane.api.schemas import Me, SystemHealth
from control_plane.domain.access import Policy

TAG: Final = "session"


async def health(call: Call) -> Response:
    """Answer from memory. That it answers at all is the sign of life; whether sandboxes can be started is its content."""
    states = Counter(entry.state.value for entry in call.services.sandboxes.entries())
    engine = call.services.engine
    return answer(
        SystemHealth(
            status="degraded" if engine.problem else "ok",
            version=__version__,
            reason=engine.problem,
            message=engine.message,
            sandboxes=dict(states),
        )
    )


async def login(call: Call) -> Response:
    """Exchange the token of the printed address for a session, so that it does not stay in the address bar."""
    people = call.services.people
    session = people.open_session(call.request.query_params.get("token", ""))
    response = RedirectResponse("/", status_code=303, headers={"cache-control": "no-store"})
    set_session(response, call, session)
    return response


def set_session(response: Response, call: Call, session: str) -> None:
    """Give the browser its session."""
    cookie = call.services.guard.cookie
    response.set_cookie(
        cookie,
        session,
        max_age=call.services.people.session_sec,
        httponly=True,
        samesite="strict",
        secure=is_secure(cookie, call.request),
        path="/",
    )


def is_secure(cookie: str, request: Request) -> bool:
    """Tell whether a cookie is for TLS only; browsers refuse a ``__Host-`` one that is not."""
    return cookie == SECURE_SESSION_COOKIE or request.url.scheme == "https"


async def logout(call: Call) -> Response:
    """Take the session away from this browser, and end it."""
    cookie = call.services.guard.cookie
    if call.services.hosted is not None and cookie in call.request.cookies:
        await call.services.hosted.sessions.end(call.person.via, call.actor)
    response = Response(status_code=204)
    response.delete_cookie(cookie, path="/", httponly=True, samesite="strict", secure=is_secure(cookie, call.request))
    return response


async def me(call: Call) -> Response:
    """Tell who asks."""
    person = call.person
    told = Me(id=person.id, name=person.name, role=person.role.value, scope=person.scope.value)
    if call.services.hosted is not None:
        account = call.services.hosted.accounts.get(person.id)
        told = replace(told, login=account.login, mode="hosted", has_password=bool(account.password))
    return answer(told)


OPERATIONS: Final = [
    Operation(
        id="get_health",
        method="GET",
        path="/api/health",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="Whether the control plane is well",
        description="The status is 200 as long as the server lives; `degraded` says that no sandbox can be started now.",
        endpoint=health,
        answer=SystemHealth,
        answer_example={"status": "ok", "version": __version__, "sandboxes": {"ready": 1}},
    ),
    Operation(
        id="head_health",
        method="HEAD",
        path="/api/health",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="The same without a body, as load balancers ask",
        endpoint=health,
        hidden=True,
    ),
    Operation(
        id="login",
        method="GET",
        path="/login",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="Sign in with the token of the printed address",
        endpoint=login,
        query=("token",),
        status=303,
    ),
    Operation(
        id="logout",
        method="POST",
        path="/api/logout",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Sign out",
        endpoint=logout,
        status=204,
    ),
    Operation(
        id="get_me",
        method="GET",
        path="/api/me",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Who is signed in",
        endpoint=me,
        answer=Me,
    ),
]

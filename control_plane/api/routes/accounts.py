"""Signing in by password, making an account, and one's own sessions and password."""

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, HostedServices, answer, parse
from control_plane.api.operation import Operation
from control_plane.api.people_schemas import Ended, NewPassword, Register, SessionInfo, SignIn, SignInWays
from control_plane.api.routes.session import TAG, set_session
from control_plane.api.schemas import Me
from control_plane.domain.access import Policy
from control_plane.domain.identity import Account
from control_plane.services.audit import Actor

MAX_FORM: Final = 16 * 1024
"""Bytes of a body that somebody sends who is not signed in."""


async def ways(call: Call) -> Response:
    """Tell the sign-in page what to show."""
    hosted = call.services.hosted
    if hosted is None:
        return answer(SignInWays(mode="local", password=False, registration="closed"))
    told = SignInWays(mode="hosted", password=True, registration=hosted.invitations.registration.value)
    if hosted.oidc is not None:
        told = replace(told, oidc=hosted.oidc_name, oidc_url="/api/oidc/login")
    return answer(told)


async def sign_in(call: Call) -> Response:
    """Open a session for who knows the password."""
    hosted = call.hosted
    given = parse(await call.body(MAX_FORM), SignIn)
    account = await hosted.accounts.authenticate(given.login, given.password, call.address)
    return await let_in(call, hosted, account, "password")


async def register(call: Call) -> Response:
    """Make an account and open its first session."""
    hosted = call.hosted
    given = parse(await call.body(MAX_FORM), Register)
    account = await hosted.invitations.register(given.login, given.name, given.password, given.invitation, call.address)
    return await let_in(call, hosted, account, "registration", status=201)


async def let_in(call: Call, hosted: HostedServices, account: Account, by: str, status: int = 200) -> Response:
    """Answer with a new session, which takes the place of the one that the browser had."""
    told = Me(
        id=account.id,
        name=account.name,
        role=account.role.value,
        login=account.login,
        mode="hosted",
        has_password=bool(account.password),
    )
    response = answer(told, status, {"cache-control": "no-store"})
    set_session(response, call, await open_session(call, hosted, account, by))
    return response


async def open_session(call: Call, hosted: HostedServices, account: Account, by: str) -> str:
    """Open a session under a new secret; the one that the browser had ends."""
    agent = call.request.headers.get("user-agent", "")
    before = call.request.cookies.get(call.services.guard.cookie, "")
    return await hosted.sessions.open(account, Actor(account.id, call.address), agent, replacing=before, by=by)


async def list_sessions(call: Call) -> Response:
    """List where the caller is signed in."""
    sessions = call.hosted.sessions
    return answer(
        [
            SessionInfo(
                id=session.id,
                created_at=session.created_at,
                seen_at=sessions.seen_at(session),
                expires_at=session.expires_at,
                address=session.address,
                agent=session.agent,
                current=session.id == call.person.via,
            )
            for session in sessions.of(call.person.id)
        ]
    )


async def revoke_session(call: Call) -> Response:
    """End one of the caller's sessions."""
    await call.hosted.sessions.revoke(call.person.id, call.request.path_params["session_id"], call.actor)
    return Response(status_code=204)


async def revoke_others(call: Call) -> Response:
    """End all of the caller's sessions but this one."""
    ended = await call.hosted.sessions.revoke_all(call.person.id, call.actor, but=call.person.via)
    return answer(Ended(sessions=ended))


async def change_password(call: Call) -> Response:
    """Set the caller's password."""
    given = parse(await call.body(MAX_FORM), NewPassword)
    await call.hosted.accounts.change_own_password(
        call.person.id, given.old_password, given.new_password, by=call.actor, keep_session=call.person.via
    )
    return Response(status_code=204)


OPERATIONS: Final = [
    Operation(
        id="get_sign_in_ways",
        method="GET",
        path="/api/session",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="How people sign in here",
        endpoint=ways,
        answer=SignInWays,
    ),
    Operation(
        id="sign_in",
        method="POST",
        path="/api/session",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="Sign in with login and password",
        description="Sets the session's cookie, under a new secret each time. Too many attempts: 429.",
        endpoint=sign_in,
        body=SignIn,
        answer=Me,
    ),
    Operation(
        id="register_account",
        method="POST",
        path="/api/registration",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="Make an account, by invitation or where registration is open",
        endpoint=register,
        body=Register,
        answer=Me,
        status=201,
    ),
    Operation(
        id="list_sessions",
        method="GET",
        path="/api/sessions",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="List where you are signed in",
        endpoint=list_sessions,
        answer=list[SessionInfo],
    ),
    Operation(
        id="revoke_session",
        method="DELETE",
        path="/api/sessions/{session_id}",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="End one of your sessions; its sockets close",
        endpoint=revoke_session,
        status=204,
    ),
    Operation(
        id="revoke_other_sessions",
        method="DELETE",
        path="/api/sessions",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="End all of your sessions but this one",
        endpoint=revoke_others,
        answer=Ended,
    ),
    Operation(
        id="change_password",
        method="POST",
        path="/api/password",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="Set your password; all other sessions end",
        endpoint=change_password,
        body=NewPassword,
        status=204,
    ),
]

"""People and invitations, for administrators."""

from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.people_schemas import (
    Ended,
    InvitationInfo,
    NewInvitation,
    NewPerson,
    PersonInfo,
    PersonPatch,
)
from control_plane.domain.access import Policy
from control_plane.domain.identity import Account

TAG: Final = "people"


def describe(call: Call, account: Account) -> PersonInfo:
    """Describe an account."""
    sessions = call.hosted.sessions
    seen = [sessions.seen_at(session) for session in sessions.of(account.id)]
    owned = sum(record.owner == account.id for record in call.services.registry.all())
    return PersonInfo.of(account, max(seen, default=None), owned)


async def list_people(call: Call) -> Response:
    """List all people by login."""
    search = call.request.query_params.get("search", "").casefold()
    found = [a for a in call.hosted.accounts.all() if search in a.login or search in a.name.casefold()]
    return answer([describe(call, account) for account in found])


async def create(call: Call) -> Response:
    """Make an account."""
    accounts = call.hosted.accounts
    new = await call.read(NewPerson)
    account = await accounts.create(new.login, new.name, new.role, password=new.password, by=call.actor)
    return answer(describe(call, account), 201)


async def change(call: Call) -> Response:
    """Change a person's role, name or password, or disable them; they feel it within seconds."""
    accounts, person_id = call.hosted.accounts, call.request.path_params["person_id"]
    patch = await call.read(PersonPatch)
    account = await accounts.change(person_id, role=patch.role, disabled=patch.disabled, name=patch.name, by=call.actor)
    if patch.password is not None:
        keep = call.person.via if person_id == call.person.id else ""
        await accounts.set_password(person_id, patch.password, by=call.actor, keep_session=keep)
        account = accounts.get(person_id)
    return answer(describe(call, account))


async def remove(call: Call) -> Response:
    """Remove an account that owns no projects."""
    await call.hosted.accounts.remove(call.request.path_params["person_id"], by=call.actor)
    return Response(status_code=204)


async def sign_out(call: Call) -> Response:
    """End all of a person's sessions."""
    account = call.hosted.accounts.get(call.request.path_params["person_id"])
    return answer(Ended(sessions=await call.hosted.sessions.revoke_all(account.id, call.actor)))


async def list_invitations(call: Call) -> Response:
    """List the invitations that can still be used."""
    hosted = call.hosted
    return answer([InvitationInfo.of(i, hosted.accounts.name_of(i.created_by)) for i in hosted.invitations.all()])


async def invite(call: Call) -> Response:
    """Make an invitation; this answer alone has its link. The secret follows a ``#``, so that no server logs it."""
    hosted = call.hosted
    wanted = await call.read(NewInvitation)
    invitation, secret = await hosted.invitations.create(
        call.actor, wanted.role, wanted.expires_in_sec, course_id=wanted.course_id, max_uses=wanted.max_uses
    )
    url = f"{hosted.public_url}/join#{secret}"
    return answer(InvitationInfo.of(invitation, call.person.name, url), 201, {"cache-control": "no-store"})


async def revoke_invitation(call: Call) -> Response:
    """Take an invitation back."""
    await call.hosted.invitations.revoke(call.actor, call.request.path_params["invitation_id"])
    return Response(status_code=204)


OPERATIONS: Final = [
    Operation(
        id="list_people",
        method="GET",
        path="/api/people",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="List people",
        endpoint=list_people,
        query=("search",),
        answer=list[PersonInfo],
    ),
    Operation(
        id="create_person",
        method="POST",
        path="/api/people",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Make an account",
        endpoint=create,
        body=NewPerson,
        answer=PersonInfo,
        status=201,
    ),
    Operation(
        id="change_person",
        method="PATCH",
        path="/api/people/{person_id}",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Change a person's role, name or password, or disable them",
        endpoint=change,
        body=PersonPatch,
        answer=PersonInfo,
    ),
    Operation(
        id="remove_person",
        method="DELETE",
        path="/api/people/{person_id}",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Remove an account that owns no projects",
        endpoint=remove,
        status=204,
    ),
    Operation(
        id="sign_person_out",
        method="DELETE",
        path="/api/people/{person_id}/sessions",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="End all of a person's sessions",
        endpoint=sign_out,
        answer=Ended,
    ),
    Operation(
        id="list_invitations",
        method="GET",
        path="/api/invitations",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="List the invitations that can still be used",
        endpoint=list_invitations,
        answer=list[InvitationInfo],
    ),
    Operation(
        id="create_invitation",
        method="POST",
        path="/api/invitations",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Make an invitation; its link is shown once",
        endpoint=invite,
        body=NewInvitation,
        answer=InvitationInfo,
        status=201,
    ),
    Operation(
        id="revoke_invitation",
        method="DELETE",
        path="/api/invitations/{invitation_id}",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Take an invitation back",
        endpoint=revoke_invitation,
        status=204,
    ),
]

"""Shares of a project, and links that give them."""

from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.people_schemas import (
    Accepted,
    AcceptShare,
    NewShare,
    NewShareLink,
    ShareInfo,
    ShareLinkInfo,
    SharePatch,
    SharesInfo,
)
from control_plane.domain.access import Policy
from control_plane.domain.errors import Forbidden
from control_plane.domain.identity import Grant

TAG: Final = "shares"
PROJECT: Final = "/api/project/{project_id}"


def describe(call: Call, grant: Grant) -> ShareInfo:
    """Describe a share to the project's owner."""
    account = call.hosted.accounts.get(grant.person_id)
    return ShareInfo(
        person_id=grant.person_id,
        login=account.login,
        name=account.name,
        share=grant.share,
        created_at=grant.created_at,
    )


async def list_shares(call: Call) -> Response:
    """List who has a share in the project, and its links."""
    shares = call.hosted.shares
    people = [describe(call, grant) for grant in shares.of(call.project_id)]
    return answer(SharesInfo(people=people, links=[ShareLinkInfo.of(link) for link in shares.links(call.project_id)]))


async def share(call: Call) -> Response:
    """Give somebody a share."""
    hosted, wanted = call.hosted, await call.read(NewShare)
    project = call.services.registry.get(call.project_id)
    account = hosted.accounts.by_login(wanted.login)
    return answer(describe(call, await hosted.shares.grant(call.actor, project, account.id, wanted.share)), 201)


async def change(call: Call) -> Response:
    """Change a person's share; their sockets in the project reconnect."""
    hosted, wanted = call.hosted, await call.read(SharePatch)
    project = call.services.registry.get(call.project_id)
    account = hosted.accounts.get(call.request.path_params["person_id"])
    return answer(describe(call, await hosted.shares.grant(call.actor, project, account.id, wanted.share)))


async def revoke(call: Call) -> Response:
    """Take a person's share back; their sockets in the project close."""
    await call.hosted.shares.revoke(call.actor, call.project_id, call.request.path_params["person_id"])
    return Response(status_code=204)


async def leave(call: Call) -> Response:
    """Give one's own share back."""
    await call.hosted.shares.revoke(call.actor, call.project_id, call.person.id)
    return Response(status_code=204)


async def create_link(call: Call) -> Response:
    """Make a link; this answer alone has it. The secret follows a ``#``, so that no server logs it."""
    hosted, wanted = call.hosted, await call.read(NewShareLink)
    project = call.services.registry.get(call.project_id)
    link, secret = await hosted.shares.create_link(call.actor, project, wanted.share, wanted.expires_in_sec)
    url = f"{hosted.public_url}/share#{secret}"
    return answer(ShareLinkInfo.of(link, url), 201, {"cache-control": "no-store"})


async def revoke_link(call: Call) -> Response:
    """Take a link back; who came by it keeps their share."""
    await call.hosted.shares.revoke_link(call.actor, call.project_id, call.request.path_params["link_id"])
    return Response(status_code=204)


async def accept(call: Call) -> Response:
    """Take what a link gives."""
    shares, given = call.hosted.shares, await call.read(AcceptShare)
    with call.hosted.accounts.attempt(call.address):
        project = call.services.registry.find(shares.link_for(given.token).project_id)
        if project is None:
            raise Forbidden("The project of this link was deleted.")
        held = await shares.accept(call.actor, project, given.token)
    return answer(Accepted(project_id=project.id, name=project.name, share=held))


OPERATIONS: Final = [
    Operation(
        id="accept_share",
        method="POST",
        path="/api/shares/accept",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="Take what a share link gives",
        endpoint=accept,
        body=AcceptShare,
        answer=Accepted,
    ),
    Operation(
        id="list_shares",
        method="GET",
        path=PROJECT + "/shares",
        policy=Policy.OWN,
        tag=TAG,
        summary="List who has a share in the project, and its links",
        endpoint=list_shares,
        answer=SharesInfo,
    ),
    Operation(
        id="share_project",
        method="POST",
        path=PROJECT + "/shares",
        policy=Policy.OWN,
        tag=TAG,
        summary="Give somebody a share, as viewer or editor",
        endpoint=share,
        body=NewShare,
        answer=ShareInfo,
        status=201,
    ),
    Operation(
        id="change_share",
        method="PATCH",
        path=PROJECT + "/shares/{person_id}",
        policy=Policy.OWN,
        tag=TAG,
        summary="Change a person's share",
        endpoint=change,
        body=SharePatch,
        answer=ShareInfo,
    ),
    Operation(
        id="revoke_share",
        method="DELETE",
        path=PROJECT + "/shares/{person_id}",
        policy=Policy.OWN,
        tag=TAG,
        summary="Take a person's share back; their sockets close",
        endpoint=revoke,
        status=204,
    ),
    Operation(
        id="leave_project",
        method="DELETE",
        path=PROJECT + "/share",
        policy=Policy.VIEW,
        tag=TAG,
        summary="Give your share in somebody's project back",
        endpoint=leave,
        status=204,
    ),
    Operation(
        id="create_share_link",
        method="POST",
        path=PROJECT + "/share-links",
        policy=Policy.OWN,
        tag=TAG,
        summary="Make a link that gives a share; it is shown once",
        endpoint=create_link,
        body=NewShareLink,
        answer=ShareLinkInfo,
        status=201,
    ),
    Operation(
        id="revoke_share_link",
        method="DELETE",
        path=PROJECT + "/share-links/{link_id}",
        policy=Policy.OWN,
        tag=TAG,
        summary="Take a share link back; who came by it stays",
        endpoint=revoke_link,
        status=204,
    ),
]

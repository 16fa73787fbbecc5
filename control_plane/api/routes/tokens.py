"""Personal API tokens."""

from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.people_schemas import NewToken, TokenInfo
from control_plane.domain.access import Policy

TAG: Final = "tokens"


async def list_tokens(call: Call) -> Response:
    """List the caller's tokens, without their secrets."""
    return answer([TokenInfo.of(token) for token in call.hosted.tokens.of(call.person.id)])


async def create(call: Call) -> Response:
    """Make a token; this answer alone has its secret."""
    tokens = call.hosted.tokens
    wanted = await call.read(NewToken)
    token, secret = await tokens.create(call.actor, wanted.name, wanted.scope, wanted.expires_in_sec)
    return answer(TokenInfo.of(token, secret), 201, {"cache-control": "no-store"})


async def revoke(call: Call) -> Response:
    """Take a token back."""
    await call.hosted.tokens.revoke(call.actor, call.request.path_params["token_id"])
    return Response(status_code=204)


OPERATIONS: Final = [
    Operation(
        id="list_tokens",
        method="GET",
        path="/api/tokens",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="List your API tokens",
        endpoint=list_tokens,
        answer=list[TokenInfo],
    ),
    Operation(
        id="create_token",
        method="POST",
        path="/api/tokens",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="Make an API token; its secret is shown once",
        endpoint=create,
        body=NewToken,
        answer=TokenInfo,
        status=201,
    ),
    Operation(
        id="revoke_token",
        method="DELETE",
        path="/api/tokens/{token_id}",
        policy=Policy.ACCOUNT,
        tag=TAG,
        summary="Take an API token back; its sockets close",
        endpoint=revoke,
        status=204,
    ),
]

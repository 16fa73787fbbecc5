"""Signing in by an OpenID Connect provider: there, and back again."""

from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.responses import RedirectResponse, Response

from control_plane.api.dependencies import Call, HostedServices
from control_plane.api.error_handlers import code_of
from control_plane.api.guard import SECURE_SESSION_COOKIE
from control_plane.api.operation import Operation
from control_plane.api.routes.accounts import open_session
from control_plane.api.routes.session import TAG, is_secure, set_session
from control_plane.domain.access import Policy
from control_plane.domain.errors import AimforgeError, BadRequest, NotFound
from control_plane.services.people.oidc_sign_in import WITHIN_SEC, OidcSignIn

log = structlog.stdlib.get_logger()

COOKIE: Final = "aimforge_oidc"
SIGN_IN_PAGE: Final = "/sign-in"
NO_STORE: Final = {"cache-control": "no-store"}


def provider(hosted: HostedServices) -> OidcSignIn:
    """Return the provider's sign-in. Raises ``NotFound``."""
    if hosted.oidc is None:
        raise NotFound("There is no identity provider here: see AIMFORGE_OIDC_ISSUER.")
    return hosted.oidc


def redirect_uri(call: Call, hosted: HostedServices) -> str:
    """Return where the provider sends the browser back to."""
    origin = hosted.public_url or f"{call.request.url.scheme}://{call.request.headers['host']}"
    return f"{origin}/api/oidc/callback"


def cookie_name(call: Call) -> str:
    """Return the name of the attempt's cookie: bound to the host over TLS, as the session's is."""
    return f"__Host-{COOKIE}" if call.services.guard.cookie == SECURE_SESSION_COOKIE else COOKIE


async def begin(call: Call) -> Response:
    """Send the browser to the provider."""
    hosted = call.hosted
    url, attempt = await provider(hosted).begin(redirect_uri(call, hosted), call.request.query_params.get("next", "/"))
    response = RedirectResponse(url, 303, NO_STORE)
    # Lax: the provider's page leads back here, which a strict cookie would not survive.
    response.set_cookie(
        cookie_name(call),
        attempt,
        max_age=WITHIN_SEC,
        httponly=True,
        samesite="lax",
        secure=is_secure(call.services.guard.cookie, call.request),
        path="/",
    )
    return response


async def finish(call: Call) -> Response:
    """Take the browser back, with a session or with the reason why not."""
    hosted = call.hosted
    try:
        response = await let_in(call, hosted, provider(hosted))
    except AimforgeError as error:
        log.info("oidc_refused", message=error.message)
        response = RedirectResponse(f"{SIGN_IN_PAGE}?{urlencode({'error': code_of(error).value})}", 303, NO_STORE)
    response.delete_cookie(
        cookie_name(call), path="/", httponly=True, secure=is_secure(call.services.guard.cookie, call.request)
    )
    return response


async def let_in(call: Call, hosted: HostedServices, oidc: OidcSignIn) -> Response:
    """Open a session for whom the provider names. Raises ``AimforgeError``."""
    given = call.request.query_params
    if "code" not in given:
        raise BadRequest(f"The identity provider said {given.get('error', 'nothing')[:80]!r}: sign in again.")
    cookie = call.request.cookies.get(cookie_name(call), "")
    account, next_path = await oidc.finish(
        cookie, given.get("state", ""), given["code"], redirect_uri(call, hosted), call.address
    )
    response = RedirectResponse(next_path, 303, NO_STORE)
    set_session(response, call, await open_session(call, hosted, account, "oidc"))
    return response


OPERATIONS: Final = [
    Operation(
        id="begin_oidc",
        method="GET",
        path="/api/oidc/login",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="Sign in by the identity provider",
        description="For browsers: leads to the provider, and at last to `next`, a path of this server.",
        endpoint=begin,
        query=("next",),
        status=303,
    ),
    Operation(
        id="finish_oidc",
        method="GET",
        path="/api/oidc/callback",
        policy=Policy.PUBLIC,
        tag=TAG,
        summary="Come back from the identity provider",
        description="What goes wrong ends at `/sign-in?error=CODE`.",
        endpoint=finish,
        query=("code", "state", "error"),
        status=303,
    ),
]

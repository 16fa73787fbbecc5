"""An OpenID Connect provider: a program of its own, with a signing key, that lets in whoever ``login_as`` names, or is
chosen on its page.

Started as ``python provider.py PORT_FILE``; it says where it listens there. It checks what a provider has to check: the
client's secret, the redirect address, the code and its PKCE challenge. ``/behave`` makes it misbehave.
"""

import base64
import hashlib
import json
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "forge", "a-client-secret"
KEY, FOREIGN_KEY = (RSAKey.generate_key(2048, {"kid": "k1"}) for _ in range(2))
PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {"sub": "1", "email": "Ada@school.example", "email_verified": True, "name": "Ada", "groups": ["staff"]},
    "bob": {"sub": "2", "email": "bob@school.example", "email_verified": True, "name": "Bob", "groups": ["class 7"]},
    "bob, who left": {"sub": "2", "email": "bob@school.example", "email_verified": True, "name": "Bob"},
    "bob, expelled": {"sub": "2", "email": "bob@school.example", "email_verified": False, "name": "Bob"},
    "ada, a student again": {"sub": "1", "email": "Ada@school.example", "email_verified": True, "name": "Ada"},
    "eve": {"sub": "3", "email": "eve@school.example", "email_verified": False, "name": "Eve"},
    "mallory": {"sub": "4", "email": "m@elsewhere.example", "email_verified": True, "name": "Mallory"},
}


class Provider:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.codes: dict[str, dict[str, str]] = {}
        self.fault = ""

    async def discovery(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": self.issuer + "/authorize",
                "token_endpoint": self.issuer + "/token",
                "jwks_uri": self.issuer + "/keys",
            }
        )

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    async def behave(self, request: Request) -> Response:
        self.fault = request.query_params["fault"]
        return PlainTextResponse("")

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        if "login_as" not in asked:
            ways = "".join(f'<li><a href="?{urlencode(asked | {"login_as": who})}">{who}</a>' for who in PEOPLE)
            return HTMLResponse(f"<title>Provider</title><ul>{ways}</ul>")
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or given != f"{CLIENT_ID}:{CLIENT_SECRET}"
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = PEOPLE[asked["login_as"]] | {
            "iss": "https://other.example" if self.fault == "issuer" else self.issuer,
            "aud": "somebody-else" if self.fault == "audience" else CLIENT_ID,
            "iat": now,
            "exp": now - 3600 if self.fault == "expired" else now + 300,
            "nonce": "another" if self.fault == "nonce" else asked["nonce"],
        }
        key = FOREIGN_KEY if self.fault == "key" else KEY
        id_token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token})


def main(port_file: Path) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    provider = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}")
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", provider.discovery),
            Route("/keys", provider.keys),
            Route("/behave", provider.behave),
            Route("/authorize", provider.authorize),
            Route("/token", provider.token, methods=["POST"]),
        ]
    )
    port_file.with_suffix(".new").write_text(json.dumps(provider.issuer))
    port_file.with_suffix(".new").rename(port_file)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

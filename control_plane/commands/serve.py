"""``aimforge serve``: start the server and print the URL to open."""

import fcntl
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from control_plane.settings import Settings

UNUSABLE: Final = 2
"""Exit code when the settings, the port, the data directory or the database do not allow a start."""
SAFE_TOKEN: Final = 16
LOCK: Final = "serve.lock"
LARGEST_MESSAGE: Final = 17 * 1024 * 1024
"""Bytes of a WebSocket message before the socket's own, smaller limit is looked at."""


def serve() -> None:
    """Start the server. Settings are environment variables: see docs/settings.md."""
    settings = load_settings()
    lock = lock_data_dir(settings)
    listening = bind(settings)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"AIM-Forge is at {address_to_open(settings, f'http://{shown}:{port}')}", flush=True)
    try:
        run(settings, listening)
    finally:
        lock.close()


def address_to_open(settings: "Settings", origin: str) -> str:
    """Return the address that is printed: in local mode it carries the token, in hosted mode people sign in there."""
    token = settings.local_token()
    if settings.mode == "hosted":
        return settings.public_url or origin
    if len(token) < SAFE_TOKEN:
        say(f"AIMFORGE_TOKEN has {len(token)} characters; with fewer than {SAFE_TOKEN} it can be guessed.")
    return f"{origin}/login?token={token}"


def load_settings() -> "Settings":
    """Read the settings; one that is wrong ends the program with a sentence for each, a slip in a name is told."""
    from pydantic import ValidationError

    from control_plane.commands.misspelt import misspelt
    from control_plane.settings import Settings
    from control_plane.settings_in_force import variable_of

    known = [variable_of(name, field) for name, field in Settings.model_fields.items()]
    for variable, meant in misspelt(os.environ, known).items():
        say(f"{variable} is no setting and changes nothing. Is {meant} meant?")
    try:
        settings = Settings()
        settings.prepare_data_dir()
    except ValidationError as error:
        for fault in error.errors(include_input=False):
            name = "AIMFORGE_" + str(fault["loc"][0]).upper().removeprefix("AIMFORGE_") + ": " if fault["loc"] else ""
            say(f"{name}{fault['msg'].removeprefix('Value error, ')}")
        sys.exit(UNUSABLE)
    except OSError as error:
        say(f"The data directory cannot be used: {error}. Set AIMFORGE_DATA_DIR to a folder of yours.")
        sys.exit(UNUSABLE)
    return settings


def lock_data_dir(settings: "Settings", name: str = LOCK) -> Any:
    """Make sure that no other server works on the same data; the lock ends with the process."""
    path: Path = settings.data_dir / name
    file = path.open("w")
    path.chmod(0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(
            f"Another server already works on {settings.data_dir}. Stop it, or set AIMFORGE_DATA_DIR to another folder."
        )
        sys.exit(UNUSABLE)
    return file


def bind(settings: "Settings") -> socket.socket:
    """Take the port before anything slow is imported, so that whoever connects early waits instead of failing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With its protocol named, the event loop switches Nagle's algorithm off for what it accepts; otherwise it does not.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        say(
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}. Set AIMFORGE_PORT to another one."
        )
        sys.exit(UNUSABLE)
    listening.listen(1024)
    return listening


def run(settings: "Settings", listening: socket.socket) -> None:
    """Serve until a signal ends it. A database that cannot be used ends it with one sentence."""
    import uvicorn

    from control_plane.adapters.database.opening import DatabaseUnusable, prepare_database
    from control_plane.api.ending import HANG_SEC, EndingServer
    from control_plane.api.request_heads import BoundedHeads
    from control_plane.app import create_app
    from control_plane.commands import logs
    from sandbox_image.sockets.serving import ServingProtocol

    logs.configure(settings.log_format, settings.log_level)
    try:
        prepare_database(settings.database)
    except DatabaseUnusable as error:
        say(error.message)
        sys.exit(UNUSABLE)
    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http=BoundedHeads,
        ws=ServingProtocol,
        ws_per_message_deflate=False,
        ws_max_size=LARGEST_MESSAGE,
        ws_ping_interval=20.0,
        ws_ping_timeout=30.0,
        timeout_graceful_shutdown=HANG_SEC,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    EndingServer(config).run(sockets=[listening])


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    print(f"aimforge: {sentence}", file=sys.stderr, flush=True)

"""Ruff's server, one process for each client: it starts in milliseconds, so nothing needs to be shared."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.language import LanguageServerKind

from . import envelope, profile
from .commands import ruff_server
from .connection import Connection
from .envelope import Envelope, Malformed, RpcCode
from .member import Client
from .multiplexer import MAX_GARBLED
from .server_log import ServerLog
from .server_process import ServerProcess

KIND: Final = LanguageServerKind.RUFF
# What the project's own configuration says counts for more than what an editor says.
_SETTINGS: Final = {"configurationPreference": "filesystemFirst", "logLevel": "warn"}


async def start(workspace: Path, log: ServerLog) -> ServerProcess:
    """Start a server.

    Raises:
        NotInstalled: it is not in the image.
        OSError: it cannot be started.
    """
    return await ServerProcess.start(ruff_server().argv, workspace, KIND, log)


async def serve(
    connection: Connection, process: ServerProcess, workspace: Path, ended: Callable[[float], CloseCode]
) -> None:
    """Let one client have a server, until either of them ends; the server is ended then.

    ``ended`` is told that the server ended by itself, after how many seconds, and says what the client is told.
    """
    pipe = RuffPipe(connection, process.send, workspace)
    began = time.monotonic()
    try:
        async with asyncio.TaskGroup() as group:

            async def from_client(data: bytes) -> None:
                pipe.receive(data)
                await process.drain()

            async def from_server() -> None:
                await process.read(pipe.receive_from_server)
                connection.close(ended(time.monotonic() - began))

            reading = group.create_task(from_server())
            errors = group.create_task(process.read_errors())
            await connection.run(from_client)
            reading.cancel()
            errors.cancel()
    finally:
        await process.kill()


class RuffPipe:
    """Passes messages between one client and its server, and sees to it that the server works in the workspace.

    A client has to send ``initialized`` before anything else, and ruff ends when it does not. It is said in the client's place
    then, once: a server that starts anew for each message of such a client would help nobody.
    """

    def __init__(self, client: Client, send: Callable[[bytes], None], workspace: Path) -> None:
        self._client = client
        self._send = send
        self._workspace = workspace
        self._garbled = 0
        self._initialize_id = b""
        self._initialized = False
        self._pulls = False

    def receive(self, data: bytes) -> None:
        """The client sent a message."""
        try:
            message = envelope.decode(data)
        except Malformed as error:
            self._garbled += 1
            self._client.deliver(envelope.failure(envelope.NULL, error.code, str(error)))
            if self._garbled >= MAX_GARBLED:
                self._client.close(CloseCode.BAD_FRAME)
            return
        self._garbled = 0
        match message.method:
            case "exit":
                self._client.close(CloseCode.NORMAL)
            case "initialize" if message.id:
                self._initialize(message)
            case "initialized":
                self._begin()
            case "workspace/executeCommand" if self._client.view_only:
                refusal = "You may read this project; commands are for its editors."
                if message.is_request:
                    self._client.deliver(envelope.failure(bytes(message.id), RpcCode.REQUEST_FAILED, refusal))
            case _:
                self._begin()
                self._send(data)

    def receive_from_server(self, data: bytes) -> None:
        """The server sent a message.

        Raises:
            Malformed: it is not understood.
        """
        message = envelope.decode(data)
        if message.is_response and message.result and bytes(message.id) == self._initialize_id and not self._pulls:
            # The server pushes its findings; a client that believes it may ask would show them twice.
            answer = envelope.parse(message.result, dict[str, Any])
            capabilities = _object(answer.get("capabilities"))
            capabilities.pop("diagnosticProvider", None)
            data = envelope.result(self._initialize_id, envelope.encode({**answer, "capabilities": capabilities}))
        self._client.deliver(data)

    def _begin(self) -> None:
        """End the handshake, if one began and did not end yet."""
        if self._initialize_id and not self._initialized:
            self._initialized = True
            self._send(envelope.notification("initialized", b"{}"))

    def _initialize(self, message: Envelope) -> None:
        identity = bytes(message.id)
        if self._initialize_id:
            refusal = "initialize may be sent once."
            self._client.deliver(envelope.failure(identity, RpcCode.INVALID_REQUEST, refusal))
            return
        try:
            params = envelope.parse(message.params, dict[str, Any])
        except Malformed as error:
            self._client.deliver(envelope.failure(identity, error.code, str(error)))
            return
        self._initialize_id = identity
        capabilities = _object(params.get("capabilities"))
        options = _object(params.get("initializationOptions"))
        self._pulls = "diagnostic" in _object(capabilities.get("textDocument"))
        folder = profile.workspace_folder(self._workspace)
        forced = {
            "processId": None,
            "rootPath": str(self._workspace),
            "rootUri": folder["uri"],
            "workspaceFolders": [folder],
            # The server would take the first of its own encodings that is offered.
            "capabilities": {
                **capabilities,
                "general": {**_object(capabilities.get("general")), "positionEncodings": ["utf-16"]},
            },
            "initializationOptions": {**options, "settings": {**_SETTINGS, **_object(options.get("settings"))}},
        }
        self._send(envelope.request(identity, "initialize", envelope.encode({**params, **forced})))


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

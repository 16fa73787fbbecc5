"""``flow.json`` on disk: read when it changed, replaced in one step, with the last good copy kept aside."""

from typing import Final

from msgspec import Struct

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_JSON_BODY

from .flow_file import FLOW_FILE, Damaged, Flow, decode, encode, etag_of, etag_of_bytes
from .folder import STATE_FOLDER, Folder, Signature

LAST_GOOD: Final = f"{STATE_FOLDER}/flow.last-good.json"
DAMAGED: Final = f"{STATE_FOLDER}/flow.damaged.json"


class LoadedFlow(Struct, frozen=True):
    """The graph as it lay in the file with ``signature``; None means that there was no file."""

    flow: Flow
    etag: str
    signature: Signature | None


class GraphFile:
    """Reads and replaces the graph."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._loaded: LoadedFlow | None = None

    def load(self) -> LoadedFlow:
        """The graph as it is in the file now; an empty one without a file. Raises CONFLICT for a damaged file."""
        signature = self._folder.signature(FLOW_FILE)
        if self._loaded is not None and self._loaded.signature == signature:
            return self._loaded
        if signature is None:
            flow = Flow()
        else:
            data, signature = self._folder.read(FLOW_FILE, MAX_JSON_BODY)
            flow = self._decoded(data)
            self._folder.write(LAST_GOOD, data)
        self._loaded = LoadedFlow(flow, etag_of(flow), signature)
        return self._loaded

    def save(self, flow: Flow) -> LoadedFlow:
        """Replace the file. Raises TOO_LARGE for a graph that could not be read again."""
        data = encode(flow)
        if len(data) > MAX_JSON_BODY:
            message = f"The graph has {len(data)} bytes; the limit is {MAX_JSON_BODY}. Keep data in files instead."
            raise AgentError(ErrorCode.TOO_LARGE, message, limit=MAX_JSON_BODY)
        signature = self._folder.write(FLOW_FILE, data)
        self._folder.write(LAST_GOOD, data)
        self._loaded = LoadedFlow(flow, etag_of_bytes(data), signature)
        return self._loaded

    def last_good(self) -> Flow:
        """The graph before it was damaged. The damaged file is kept in ``.aimforge``. NOT_FOUND when there is no copy."""
        try:
            flow = decode(self._folder.read(LAST_GOOD, MAX_JSON_BODY)[0])
        except (FileNotFoundError, Damaged) as error:
            raise AgentError(ErrorCode.NOT_FOUND, "No good copy of flow.json is held; mend it by hand.") from error
        self._folder.move(FLOW_FILE, DAMAGED)
        return flow

    def _decoded(self, data: bytes) -> Flow:
        try:
            return decode(data)
        except Damaged as damaged:
            held = self._folder.signature(LAST_GOOD) is not None
            way_out = f"Mend it, or restore the last good copy ({LAST_GOOD})." if held else "Mend it by hand."
            message = f"{FLOW_FILE} is damaged: {damaged}. {way_out}"
            raise AgentError(ErrorCode.CONFLICT, message, path=FLOW_FILE, restorable=held) from damaged

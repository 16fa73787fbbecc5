"""Ports of nodes: read from the source of code nodes, fixed for the other kinds."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from sandbox_image.wire.limits import MAX_CODE
from sandbox_image.wire.project import Node, NodeKind, Port, Ports

from .flow_file import NODE_FOLDER
from .folder import Folder, Signature

KEPT: Final = 10_000
"""Signatures of sources that are remembered."""

_OUTPUT: Final = Port(name="output")
FIXED_PORTS: Final[dict[NodeKind, Ports]] = {
    NodeKind.INPUT: Ports(outputs=[_OUTPUT]),
    NodeKind.RESULT: Ports(inputs=[Port(name="input_data")], outputs=[_OUTPUT], merges=True),
    NodeKind.NOTE: Ports(),
    NodeKind.GROUP: Ports(),
}


class PortReader:
    """Reads ports, and a source only when its file changed since it was read the last time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._seen: OrderedDict[tuple[str, bool], tuple[Signature, Ports]] = OrderedDict()

    def ports_of(self, node: Node) -> Ports:
        """The ports of ``node``. Never raises for the source's sake: ``Ports.error`` says what is wrong with it."""
        if node.kind is not NodeKind.CODE:
            return FIXED_PORTS[node.kind]
        signature = self._folder.signature(node.file)
        if signature is None:
            return Ports(error=f"{node.file} is missing.")
        return self._ports_at(node, signature)

    def ports_of_all(self, nodes: Iterable[Node]) -> dict[str, Ports]:
        """The ports of many nodes by their ids, with one look at the folder."""
        nodes = list(nodes)
        is_needed = any(node.file for node in nodes)
        there = self._folder.signatures(NODE_FOLDER) if is_needed else {}
        found: dict[str, Ports] = {}
        for node in nodes:
            signature = there.get(node.file.removeprefix(f"{NODE_FOLDER}/")) if node.file else None
            found[node.id] = self.ports_of(node) if signature is None else self._ports_at(node, signature)
        return found

    def learn(self, node: Node, signature: Signature, ports: Ports) -> None:
        """Remember the ports of a source that was written just now."""
        self._seen[node.file, node.legacy] = (signature, ports)
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)

    def _ports_at(self, node: Node, signature: Signature) -> Ports:
        seen = self._seen.get((node.file, node.legacy))
        if seen is not None and seen[0] == signature:
            return seen[1]
        ports, signature = self._read(node)
        self.learn(node, signature, ports)
        return ports

    def _read(self, node: Node) -> tuple[Ports, Signature]:
        data, signature = self._folder.read(node.file, MAX_CODE)
        return ports_in(data, legacy=node.legacy), signature


def ports_in(source: bytes, *, legacy: bool = False) -> Ports:
    """The ports that a source's signature tells."""
    from sandbox_image.agent.flow.signature import read_ports

    try:
        return read_ports(source.decode(), legacy=legacy)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return Ports(error=f"line {line}: the source is not UTF-8.")

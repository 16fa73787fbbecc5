"""The project's graph and sources: read as they lie in the folder, changed one step at a time."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import UNSET
from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.events import ProjectChanged
from sandbox_image.wire.limits import MAX_NAME
from sandbox_image.wire.project import (
    Edge,
    LeftOut,
    NewEdge,
    NewNode,
    Node,
    NodeKind,
    NodePatch,
    Ports,
    Project,
    ProjectUpdate,
)

from .addable import added_edges, added_nodes
from .flow_file import FLOW_FILE, NODE_FOLDER, Flow
from .folder import STATE_FOLDER, Folder
from .graph_checks import check_graph, missing_port
from .graph_file import GraphFile
from .names import checked_id, checked_name, file_for
from .node_ports import PortReader, ports_in
from .placing import placed
from .sources import Sources, checked_source, code_etag


class ProjectStore:
    """The one writer of the graph inside the agent. All methods are for the event loop's thread and do not wait.

    Files that a terminal, git or a node changes are seen with the next call. Raises ``AgentError`` throughout:
    NOT_FOUND for unknown ids, INVALID for what a graph must not be, CONFLICT for a folder that cannot be used.
    """

    def __init__(self, workspace: Path, events: EventLog, *, name: str = "", template: str = "") -> None:
        self.folder = Folder(workspace)
        self._events = events
        self._name = name[:MAX_NAME] or "Project"
        self._template = template or "empty"
        self._graph = GraphFile(self.folder)
        self._sources = Sources(self.folder)
        self._ports = PortReader(self.folder)
        self._announced: tuple[Project, str] | None = None
        self._importers: list[Callable[[], None]] = []

    async def __aenter__(self) -> "ProjectStore":
        self.folder.write(f"{STATE_FOLDER}/.gitignore", b"*\n")
        if self.folder.names() == [STATE_FOLDER]:
            from .template import fill

            fill(self.folder, self._template, self._name)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        return None

    # ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────

    def read(self) -> tuple[Project, str]:
        """The project with the ports of its nodes, and the entity tag of its graph."""
        loaded = self._graph.load()
        found = (self._project(loaded.flow), loaded.etag)
        if self._announced is None:
            self._announced = found  # who reads it need not be told of it
        return found

    def etag(self) -> str:
        """The entity tag of the graph as it is now."""
        return self._graph.load().etag

    def flow(self) -> Flow:
        """The graph as its file holds it."""
        return self._graph.load().flow

    def node(self, node_id: str) -> Node:
        """One node with its ports."""
        node = _node(self._graph.load().flow, node_id)
        return replace(node, ports=self._ports.ports_of(node))

    def code(self, node_id: str) -> tuple[bytes, str]:
        """A node's source as it lies in its file, and its entity tag. NOT_FOUND for a node without source."""
        data = self._sources.read(self._code_node(node_id))
        return data, code_etag(data)

    def source(self, node: Node) -> bytes:
        """The source of a code node that the caller has read; the graph is not looked at again. NOT_FOUND without its file."""
        return self._sources.read(node)

    # ── The graph as a whole ─────────────────────────────────────────────────────────────────────────────────

    def update(self, update: ProjectUpdate, if_match: str | None, by: str = "") -> tuple[Project, str]:
        """Replace the graph. PRECONDITION_REQUIRED without ``if_match``, STALE when somebody saved since it was read."""
        if if_match is None:
            raise AgentError(ErrorCode.PRECONDITION_REQUIRED, "Saving the graph needs If-Match with the ETag you read.")
        loaded = self._graph.load()
        _check_match(if_match, loaded.etag, "The project")
        for node in update.nodes:  # before file names are made of them
            checked_id(node.id, "node id")
        old = {node.id: node for node in loaded.flow.nodes}
        nodes = placed(update.nodes, old, self._sources.occupied(old.values()))
        fresh = [node for node in nodes if node.file and not (node.id in old and old[node.id].file)]
        sources = {node.id: self._sources.initial(node.id, update.code.get(node.id)) for node in fresh}
        flow = replace(
            self._described(loaded.flow, update.name, update.description),
            nodes=nodes,
            edges=[replace(edge, broken="") for edge in update.edges],
        )
        ports = self._check(flow, loaded.flow, sources)
        self._place(nodes, sources, old, ports)
        answer = self._save(flow, by)
        kept = {node.id for node in nodes if node.file}
        for node in old.values():
            if node.id not in kept:
                self._sources.discard(node)
        return answer

    def describe(self, name: str | None, description: str | None, by: str = "") -> tuple[Project, str]:
        """Change the project's name or description."""
        return self._save(self._described(self._graph.load().flow, name, description), by)

    def restore(self, by: str = "") -> tuple[Project, str]:
        """Put the last good ``flow.json`` back. NOT_FOUND when there is none."""
        return self._save(self._graph.last_good(), by)

    def replace_all(self, flow: Flow, sources: Mapping[str, bytes], by: str = "") -> tuple[Project, str]:
        """Take over an imported graph whose files lie in the folder; ``sources`` are those that do not yet."""
        for path, data in sources.items():
            self.folder.write(path, data)
        answer = self._save(flow, by)
        for callback in self._importers:
            callback()
        return answer

    def check_added(self, new: list[Node], sources: Mapping[str, bytes]) -> list[Node]:
        """The nodes of an archive with the titles and files that they will have here. CONFLICT for an id that is taken."""
        old = self._graph.load().flow
        return added_nodes(old, new, sources, self._sources.occupied(old.nodes))

    def add_all(
        self, nodes: list[Node], edges: list[Edge], sources: Mapping[str, bytes], by: str = ""
    ) -> tuple[list[Edge], list[LeftOut]]:
        """Add nodes as ``check_added`` gave them, and those of the edges that can be."""
        old = self._graph.load().flow
        flow = replace(old, nodes=[*old.nodes, *nodes])
        ports = self._check(flow, old, sources)
        added, left_out = added_edges(flow, edges, ports, new_id)
        self._place(nodes, sources, {}, ports)
        self._save(replace(flow, edges=[*old.edges, *added]), by)
        return added, left_out

    def on_import(self, callback: Callable[[], None]) -> None:
        """Call back after an import, which may have brought other requirements."""
        self._importers.append(callback)

    def refresh(self, by: str = "") -> tuple[Project, str]:
        """Announce the graph when it, or a port in it, is not as it was announced the last time. Returns it as it is."""
        loaded = self._graph.load()
        state = (self._project(loaded.flow), loaded.etag)
        if self._announced != state:
            self._announced = state
            self._events.publish(ProjectChanged(etag=loaded.etag), by)
        return state

    def caught_up(self) -> str:
        """Announce what changed without this store, so that the next announcement is of the next step alone. Returns the tag."""
        if self._announced is None:
            return self.read()[1]
        return self.refresh()[1]

    def files_changed(self, paths: Iterable[str], overflow: bool = False) -> None:
        """The watcher saw these paths change, with ``overflow`` others besides: look whether the graph did."""
        if overflow or any(path == FLOW_FILE or path.startswith(f"{NODE_FOLDER}/") for path in paths):
            try:
                self.refresh()
            except AgentError:
                return  # damaged just now; whoever reads it next is told so

    # ── Nodes ────────────────────────────────────────────────────────────────────────────────────────────────

    def add_node(self, new: NewNode, by: str = "") -> Node:
        """Add a node, with its source when it is a code node."""
        old = self._graph.load().flow
        title = checked_name(new.title, "title")
        is_code = new.kind is NodeKind.CODE
        node = Node(
            id=new_id() if new.id is None else checked_id(new.id, "node id"),
            title=title,
            kind=new.kind,
            position=new.position,
            file=file_for(title, self._sources.occupied(old.nodes)) if is_code else "",
            settings=new.settings,
            description=new.description,
            group=new.group,
            size=new.size,
        )
        flow = replace(old, nodes=[*old.nodes, node])
        sources = {node.id: self._sources.initial(node.id, new.code)} if is_code else {}
        ports = self._check(flow, old, sources)
        self._place([node], sources, {}, ports)
        self._save(flow, by)
        return self.node(node.id)

    def patch_node(self, node_id: str, patch: NodePatch, by: str = "") -> Node:
        """Change the fields of a node that are given; a new title renames its file."""
        flow = self._graph.load().flow
        old = _node(flow, node_id)
        given = {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not UNSET}
        changed = replace(old, **given)
        by_id = {node.id: node for node in flow.nodes}
        nodes = [changed if node.id == node_id else node for node in flow.nodes]
        after = replace(flow, nodes=placed(nodes, by_id, self._sources.occupied(flow.nodes)))
        self._check(after, flow, {})
        self._sources.place(after.nodes, {}, by_id)
        self._save(after, by)
        return self.node(node_id)

    def delete_node(self, node_id: str, by: str = "") -> None:
        """Remove a node and its edges; its source goes to ``.aimforge/trash``."""
        flow = self._graph.load().flow
        gone = _node(flow, node_id)
        edges = [edge for edge in flow.edges if node_id not in {edge.source, edge.target}]
        nodes = [replace(node, group="") if node.group == node_id else node for node in flow.nodes if node != gone]
        self._save(replace(flow, nodes=nodes, edges=edges), by)
        self._sources.discard(gone)

    def save_code(self, node_id: str, source: bytes, if_match: str | None, by: str = "") -> tuple[Node, str, bool]:
        """Replace a node's source. STALE when ``if_match`` is given and the file changed since.

        Returns the node and its source's tag, and whether the node is all that was announced: nothing is when its ports are as
        they were, and more is when edges have lost a port, or have it again.
        """
        self.caught_up()
        before = self._announced
        node = self._code_node(node_id)
        data = checked_source(source)
        if if_match is not None:
            _check_match(if_match, self._sources.etag(node), node.file)
        self._sources.write(node, data)
        now = self.refresh(by)
        saved = self.node(node_id)
        alone = before is not None and now != before and now == _with_node(before, saved)
        return saved, code_etag(data), alone

    # ── Edges ────────────────────────────────────────────────────────────────────────────────────────────────

    def add_edge(self, new: NewEdge, by: str = "") -> Edge:
        """Connect two ports."""
        old = self._graph.load().flow
        for end in (new.source, new.target):
            if all(node.id != end for node in old.nodes):
                raise AgentError(ErrorCode.INVALID, f"There is no node {end!r} to connect.", field="edges", node=end)
        outputs = self.node(new.source).ports.outputs
        edge = Edge(
            id=new_id() if new.id is None else checked_id(new.id, "edge id"),
            source=new.source,
            target=new.target,
            source_port=new.source_port or (outputs[0].name if outputs else "output"),
            target_port=new.target_port,
        )
        flow = replace(old, edges=[*old.edges, edge])
        self._check(flow, old, {})
        self._save(flow, by)
        return edge

    def delete_edge(self, edge_id: str, by: str = "") -> None:
        """Remove an edge."""
        flow = self._graph.load().flow
        edges = [edge for edge in flow.edges if edge.id != edge_id]
        if len(edges) == len(flow.edges):
            raise AgentError(ErrorCode.NOT_FOUND, f"There is no edge {edge_id!r} in this project.", edge=edge_id)
        self._save(replace(flow, edges=edges), by)

    # ── Steps that these share ───────────────────────────────────────────────────────────────────────────────

    def _check(self, flow: Flow, before: Flow, sources: Mapping[str, bytes]) -> dict[str, Ports]:
        """Refuse a graph that must not be; the ports of its nodes come back. ``sources`` are those that no file has yet."""
        old = {node.id: node for node in before.nodes}
        ports = {node.id: ports_in(sources[node.id], legacy=node.legacy) for node in flow.nodes if node.id in sources}
        # A file may get another name only after the check.
        ports |= self._ports.ports_of_all(
            replace(node, file=old[node.id].file) if node.file else node
            for node in flow.nodes
            if node.id not in sources
        )
        check_graph(flow.nodes, flow.edges, ports, known=before.edges)
        return ports

    def _place(
        self, nodes: Iterable[Node], sources: Mapping[str, bytes], old: Mapping[str, Node], ports: Mapping[str, Ports]
    ) -> None:
        nodes = list(nodes)
        written = self._sources.place(nodes, sources, old)
        for node in nodes:
            if node.id in written:
                self._ports.learn(node, written[node.id], ports[node.id])

    def _save(self, flow: Flow, by: str) -> tuple[Project, str]:
        self._graph.save(flow)
        return self.refresh(by)

    def _project(self, flow: Flow) -> Project:
        ports = self._ports.ports_of_all(flow.nodes)
        nodes = [replace(node, ports=ports[node.id]) for node in flow.nodes]
        by_id = {node.id: node for node in nodes}
        edges = [
            replace(edge, broken=why) if (why := missing_port(edge, by_id, ports)) else edge for edge in flow.edges
        ]
        return Project(name=flow.name or self._name, description=flow.description, nodes=nodes, edges=edges)

    def _described(self, flow: Flow, name: str | None, description: str | None) -> Flow:
        name = flow.name or self._name if name is None else checked_name(name, "name")
        return replace(flow, name=name, description=flow.description if description is None else description)

    def _code_node(self, node_id: str) -> Node:
        node = _node(self._graph.load().flow, node_id)
        if not node.file:
            message = f"{node.title!r} is a {node.kind} node and has no source."
            raise AgentError(ErrorCode.NOT_FOUND, message, node=node_id)
        return node


def new_id() -> str:
    """An identity for a node or an edge."""
    return secrets.token_hex(6)


def _node(flow: Flow, node_id: str) -> Node:
    for node in flow.nodes:
        if node.id == node_id:
            return node
    raise AgentError(ErrorCode.NOT_FOUND, f"There is no node {node_id!r} in this project.", node=node_id)


def _with_node(state: tuple[Project, str], node: Node) -> tuple[Project, str]:
    """The project with this node in the place of the one of its id."""
    project, etag = state
    return replace(project, nodes=[node if each.id == node.id else each for each in project.nodes]), etag


def _check_match(if_match: str, etag: str, what: str) -> None:
    tags = {tag.strip() for tag in if_match.split(",")}
    if etag not in tags and not (etag and "*" in tags):
        message = f"{what} was changed meanwhile. Read it again, then repeat your change."
        raise AgentError(ErrorCode.STALE, message, etag=etag)

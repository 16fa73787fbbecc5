"""Nodes and edges, one by one."""

from typing import Final

from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.api.schemas import TablePage
from control_plane.domain.access import Policy
from sandbox_image.wire.project import Edge, NewEdge, NewNode, Node, NodeFreshness, NodePatch

TAG: Final = "graph"
PROJECT: Final = "/api/project/{project_id}"
NODE: Final = PROJECT + "/nodes/{node_id}"
PYTHON: Final = "text/x-python"
STEP: Final = "The answer's `Graph-ETag-Before` and `Graph-ETag` name the graph before and after: who had the former has the latter."
SAVED: Final = (
    "A source with a syntax error is saved too; `ports.error` says where it is. "
    "The answer has `Graph-ETag-Before` and `Graph-ETag` when the node's ports changed and nothing else did."
)
NODE_EXAMPLE: Final = {
    "title": "Clean",
    "code": "def main(input_data):\n    return input_data\n",
    "position": {"x": 0, "y": 0},
}

OPERATIONS: Final[list[Operation]] = [
    passed(
        "add_node",
        "POST",
        PROJECT + "/nodes",
        "/project/nodes",
        Policy.EDIT,
        TAG,
        "Add a node",
        description=STEP,
        body=NewNode,
        example=NODE_EXAMPLE,
        answer=Node,
        status=201,
    ),
    passed(
        "change_node",
        "PATCH",
        NODE,
        "/project/nodes/{node_id}",
        Policy.EDIT,
        TAG,
        "Change a node; a new title renames its file",
        description=STEP,
        body=NodePatch,
        answer=Node,
    ),
    passed(
        "remove_node",
        "DELETE",
        NODE,
        "/project/nodes/{node_id}",
        Policy.EDIT,
        TAG,
        "Remove a node and its edges",
        description=STEP,
        status=204,
    ),
    passed(
        "get_code",
        "GET",
        NODE + "/code",
        "/project/nodes/{node_id}/code",
        Policy.VIEW,
        TAG,
        "Read a node's source",
        answer=PYTHON,
        headers=("If-None-Match",),
    ),
    passed(
        "save_code",
        "PUT",
        NODE + "/code",
        "/project/nodes/{node_id}/code",
        Policy.EDIT,
        TAG,
        "Save a node's source",
        description=SAVED,
        body=PYTHON,
        answer=Node,
        headers=("If-Match",),
    ),
    passed(
        "get_table",
        "GET",
        NODE + "/table",
        "/project/nodes/{node_id}/table",
        Policy.VIEW,
        TAG,
        "Read one page of a table that a node returned",
        query=("offset", "limit", "column", "order"),
        answer=TablePage,
    ),
    passed(
        "add_edge",
        "POST",
        PROJECT + "/edges",
        "/project/edges",
        Policy.EDIT,
        TAG,
        "Connect two nodes",
        description=STEP,
        body=NewEdge,
        example={"source": "n1", "target": "n2"},
        answer=Edge,
        status=201,
    ),
    passed(
        "remove_edge",
        "DELETE",
        PROJECT + "/edges/{edge_id}",
        "/project/edges/{edge_id}",
        Policy.EDIT,
        TAG,
        "Remove an edge",
        description=STEP,
        status=204,
    ),
    passed(
        "get_freshness",
        "GET",
        PROJECT + "/freshness",
        "/project/freshness",
        Policy.VIEW,
        TAG,
        "Tell which nodes are answered from the cache, and why",
        touches=False,
        answer=list[NodeFreshness],
    ),
]

"""Pages that nodes returned."""

import msgspec
import pytest

from control_plane.api.readings import output_page
from control_plane.api.routes.outputs import PAGE_POLICY
from control_plane.domain.errors import Invalid, NotFound
from sandbox_image.wire.runs import NodeResult, Output, RunKind, RunResult, RunStatus


def output(**mime: str) -> Output:
    return Output(type="Page", size=1, mime={f"text/{kind}": text for kind, text in mime.items()})


NODES = {
    "page": NodeResult(
        node_id="page",
        status=RunStatus.SUCCEEDED,
        output=output(html="<p>value</p>"),
        displays=[output(html="<p>shown</p>"), output(plain="text")],
    ),
    "text": NodeResult(node_id="text", status=RunStatus.SUCCEEDED, output=output(plain="text")),
    "none": NodeResult(node_id="none", status=RunStatus.FAILED),
}
RUN = msgspec.json.encode(
    RunResult(run_id="r", kind=RunKind.FLOW, status=RunStatus.SUCCEEDED, created_at=0, nodes=NODES)
)


def test_the_value_or_a_display_of_a_node_is_found():
    assert output_page(RUN, "page", "") == b"<p>value</p>"
    assert output_page(RUN, "page", "0") == b"<p>shown</p>"


@pytest.mark.parametrize(("node", "display"), [("page", "1"), ("page", "2"), ("text", ""), ("none", ""), ("gone", "")])
def test_what_is_no_page_is_not_found(node: str, display: str):
    with pytest.raises(NotFound):
        output_page(RUN, node, display)


@pytest.mark.parametrize("display", ["-1", "x", "1e9", "²"])
def test_a_display_is_a_number(display: str):
    with pytest.raises(Invalid):
        output_page(RUN, "page", display)


def test_scripts_get_neither_an_origin_nor_a_network():
    directives = PAGE_POLICY.split("; ")
    assert directives[0] == "sandbox allow-scripts"
    assert "default-src 'none'" in directives
    assert not [directive for directive in directives if "http" in directive or "connect-src" in directive]

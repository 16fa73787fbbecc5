"""Errors of an agent, which are small."""

import msgspec
import pytest

from control_plane.domain.errors import SandboxMisbehaved
from control_plane.services.agent_answers import MAX_ERROR, AgentRefused, error_code, raise_for_agent
from sandbox_image.wire.errors import ErrorBody


def body(size: int) -> bytes:
    return msgspec.json.encode(ErrorBody(error="not_found", message="x", detail={"long": "a" * size}))


def test_an_error_is_passed_on_unless_it_is_a_large_one():
    with pytest.raises(AgentRefused) as caught:
        raise_for_agent(404, body(MAX_ERROR // 2))
    assert caught.value.error == "not_found"
    with pytest.raises(SandboxMisbehaved, match=f"more than {MAX_ERROR} bytes"):
        raise_for_agent(404, body(MAX_ERROR))


def test_the_code_of_an_error_is_read_without_its_detail():
    assert error_code(b'{"error": "unavailable", "detail": [[]]}') == "unavailable"
    assert error_code(b'{"error": 5}') is None

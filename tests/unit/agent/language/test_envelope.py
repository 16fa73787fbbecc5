"""Envelopes are decoded strictly, and spliced without touching what they carry."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.language import envelope
from sandbox_image.agent.language.envelope import Malformed, RpcCode


@pytest.mark.parametrize("identity", [b"7", b'"7"', b"-1", b'"\\u0041"', b"9007199254740993", b"null"])
def test_an_id_keeps_its_type_and_its_spelling(identity: bytes):
    message = envelope.decode(b'{"jsonrpc":"2.0","id":%b,"method":"m","params":{}}' % identity)
    assert message.is_request
    assert bytes(message.id) == identity
    assert envelope.result(bytes(message.id), b"1") == b'{"jsonrpc":"2.0","id":%b,"result":1}' % identity


def test_kinds_are_told_apart():
    request = envelope.decode(b'{"id":1,"method":"m"}')
    notification = envelope.decode(b'{"method":"m","params":[1]}')
    response = envelope.decode(b'{"id":1,"result":null}')
    error = envelope.decode(b'{"id":1,"error":{"code":1,"message":""}}')
    assert [m.is_request for m in (request, notification, response, error)] == [True, False, False, False]
    assert [m.is_response for m in (request, notification, response, error)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", RpcCode.PARSE_ERROR),
        (b'{"id":1,"method":"m"', RpcCode.PARSE_ERROR),
        (b'{"method":"m","params":{"a":}}', RpcCode.PARSE_ERROR),
        (b'{"method":"m","params":' + b"[" * 50_000 + b"]" * 50_000 + b"}", RpcCode.PARSE_ERROR),
        (b'{"method":"\xff"}', RpcCode.PARSE_ERROR),
        (b'[{"id":1,"method":"m"}]', RpcCode.INVALID_REQUEST),
        (b'{"id":{},"method":"m"}', RpcCode.INVALID_REQUEST),
        (b'{"id":1.5,"method":"m"}', RpcCode.INVALID_REQUEST),
        (b'{"id":true,"method":"m"}', RpcCode.INVALID_REQUEST),
        (b'{"id":"%b","method":"m"}' % (b"x" * envelope.MAX_ID), RpcCode.INVALID_REQUEST),
        (b'{"id":1}', RpcCode.INVALID_REQUEST),
        (b'{"id":1,"method":5}', RpcCode.INVALID_REQUEST),
        (b'{"method":"%b"}' % (b"x" * (envelope.MAX_METHOD + 1)), RpcCode.INVALID_REQUEST),
        (b"{}", RpcCode.INVALID_REQUEST),
    ],
)
def test_what_is_no_message_is_refused_with_its_code(data: bytes, code: RpcCode):
    with pytest.raises(Malformed) as refusal:
        envelope.decode(data)
    assert refusal.value.code is code


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_malformed(data: bytes):
    with suppress(Malformed):
        envelope.decode(data)


@given(st.text(min_size=1, max_size=20), st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)))
def test_what_is_built_is_what_was_meant(method: str, params: dict[str, int | str]):
    encoded = json.dumps(params).encode()
    assert json.loads(envelope.request(3, method, encoded)) == {
        "jsonrpc": "2.0",
        "id": 3,
        "method": method,
        "params": params,
    }
    assert json.loads(envelope.notification(method, b"")) == {"jsonrpc": "2.0", "method": method}


def test_an_answer_under_another_id_carries_the_same_bytes():
    body = b'{"a": [1,  2], "b":"\\u00e9"}'
    response = envelope.decode(b'{"jsonrpc":"2.0","id":9,"result":%b}' % body)
    assert envelope.answer(b'"x"', response) == b'{"jsonrpc":"2.0","id":"x","result":%b}' % body
    error = envelope.decode(b'{"id":9,"error":{"code":-1,"message":"no"}}')
    assert json.loads(envelope.answer(b"4", error)) == {
        "jsonrpc": "2.0",
        "id": 4,
        "error": {"code": -1, "message": "no"},
    }

"""Edits arrive in the shape and the version numbers of the client that asked."""

import json
from contextlib import suppress
from typing import Any

import pytest

from sandbox_image.agent.language.envelope import Malformed, RpcCode
from sandbox_image.agent.language.workspace_edit import for_client


def version_of(uri: str, version: int | None) -> int | None:
    return {"file:///held.py": (version or 0) + 100}.get(uri)


def refusing(uri: str, version: int | None) -> int | None:
    raise Malformed(RpcCode.CONTENT_MODIFIED, uri)


def change(uri: str, version: int | None, text: str) -> dict[str, Any]:
    return {"textDocument": {"uri": uri, "version": version}, "edits": [{"newText": text}]}


EDIT = {
    "documentChanges": [
        change("file:///held.py", 5, "a"),
        change("file:///other.py", 6, "b"),
        change("file:///disk.py", None, "c"),
        {"kind": "create", "uri": "file:///new.py"},
        change("file:///held.py", 5, "d"),
    ]
}


def translated(value: Any, *, document_changes: bool) -> Any:
    return json.loads(for_client(json.dumps(value).encode(), version_of, document_changes=document_changes))


def test_versions_become_the_client_s():
    edit = translated(EDIT, document_changes=True)
    versions = [one["textDocument"]["version"] for one in edit["documentChanges"] if "textDocument" in one]
    assert versions == [105, None, None, 105]
    assert edit["documentChanges"][3] == EDIT["documentChanges"][3]


def test_edits_in_code_actions_are_found():
    actions = translated([{"title": "Fix", "edit": EDIT}, {"title": "Command"}], document_changes=True)
    assert actions[0]["edit"]["documentChanges"][0]["textDocument"]["version"] == 105
    assert actions[1] == {"title": "Command"}


def test_a_client_without_document_changes_gets_changes():
    assert translated(EDIT, document_changes=False) == {
        "changes": {
            "file:///held.py": [{"newText": "a"}, {"newText": "d"}],
            "file:///other.py": [{"newText": "b"}],
            "file:///disk.py": [{"newText": "c"}],
        }
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"changes": {"file:///a.py": []}},
        {"changes": 5},
        {"documentChanges": 5},
        {"documentChanges": [5, {"x": 1}]},
    ],
)
def test_other_values_stay_as_they_are(value: Any):
    assert translated(value, document_changes=True) == value


@pytest.mark.parametrize("value", [EDIT, {"edit": {"changes": {"file:///held.py": []}}}])
def test_a_file_whose_text_is_not_the_client_s_is_not_edited(value: Any):
    with pytest.raises(Malformed):
        for_client(json.dumps(value).encode(), refusing, document_changes=False)


def test_an_edit_that_is_nested_too_deeply_is_refused():
    for depth in (300, 500, 700, 900, 5000):
        encoded = b'{"documentChanges":[],"x":' + b"[" * depth + b"]" * depth + b"}"
        with suppress(Malformed):
            for_client(encoded, version_of, document_changes=True)
    with pytest.raises(Malformed):
        for_client(encoded, version_of, document_changes=True)

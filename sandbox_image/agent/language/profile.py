"""What the relay tells a shared server about its client, once, whoever connects; and what it tells clients of the server.

The first client's capabilities would bind all later ones, so the relay has its own: what every editor can do.
"""

from pathlib import Path
from typing import Any

import msgspec

from . import envelope


def workspace_folder(workspace: Path) -> dict[str, str]:
    """The one folder of a project as a workspace folder."""
    return {"uri": workspace.as_uri(), "name": "workspace"}


def initialize_params(workspace: Path) -> bytes:
    """Parameters of ``initialize`` for a shared server, encoded."""
    folder = workspace_folder(workspace)
    return envelope.encode(
        {
            # A server that is told a process number watches it, and ends when it does not exist in its namespace.
            "processId": None,
            "clientInfo": {"name": "aimforge"},
            "locale": "en",
            "rootPath": str(workspace),
            "rootUri": folder["uri"],
            "workspaceFolders": [folder],
            "capabilities": {
                # The only encoding that every editor in a browser speaks.
                "general": {"positionEncodings": ["utf-16"]},
                "workspace": _workspace_capabilities(),
                "textDocument": _text_document_capabilities(),
                # Plain notifications instead of tokens that would have to be created and tracked.
                "window": {"workDoneProgress": False, "showMessage": {}},
            },
            "initializationOptions": {},
        }
    )


def _workspace_capabilities() -> dict[str, Any]:
    return {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {},
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
        "workspaceEdit": {"documentChanges": True},
        "executeCommand": {},
        "symbol": {},
    }


def _text_document_capabilities() -> dict[str, Any]:
    # No "diagnostic": a server that may be asked would answer one asker at a time, so findings are pushed.
    markup = ["markdown", "plaintext"]
    return {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True, "relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}},
        "completion": {
            "contextSupport": True,
            "completionItem": {
                "documentationFormat": markup,
                "snippetSupport": False,
                "deprecatedSupport": True,
                "commitCharactersSupport": True,
                "insertReplaceSupport": False,
                "labelDetailsSupport": True,
                "resolveSupport": {"properties": ["documentation", "detail", "additionalTextEdits"]},
            },
        },
        "hover": {"contentFormat": markup},
        "signatureHelp": {
            "contextSupport": True,
            "signatureInformation": {
                "documentationFormat": markup,
                "activeParameterSupport": True,
                "parameterInformation": {"labelOffsetSupport": True},
            },
        },
        "definition": {"linkSupport": False},
        "declaration": {"linkSupport": False},
        "typeDefinition": {"linkSupport": False},
        "references": {},
        "documentHighlight": {},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "rename": {"prepareSupport": True},
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["quickfix", "refactor", "source", "source.organizeImports"]}
            }
        },
        "callHierarchy": {},
        "semanticTokens": _semantic_tokens(),
        "inlayHint": {},
        "formatting": {},
        "rangeFormatting": {},
        "foldingRange": {},
    }


def _semantic_tokens() -> dict[str, Any]:
    types = "namespace type class enum interface struct typeParameter parameter variable property enumMember function"
    modifiers = "declaration definition readonly static deprecated abstract async documentation defaultLibrary"
    return {
        "requests": {"range": True, "full": True},
        "tokenTypes": [*types.split(), "method", "keyword", "comment", "string", "number", "operator", "decorator"],
        "tokenModifiers": modifiers.split(),
        "formats": ["relative"],
    }


def result_for_clients(result: bytes) -> bytes:
    """A shared server's answer to ``initialize`` as its clients get it: with what the relay itself takes care of.

    Raises:
        Malformed: the server's answer has no object of capabilities.
    """
    answer = envelope.parse(result, dict[str, msgspec.Raw])
    capabilities = envelope.parse(answer.get("capabilities", b""), dict[str, Any])
    # Clients would ask for the findings that they are sent anyway, and show each of them twice.
    capabilities.pop("diagnosticProvider", None)
    capabilities["positionEncoding"] = "utf-16"
    capabilities["textDocumentSync"] = {"openClose": True, "change": 2, "save": False}
    capabilities["workspace"] = {"workspaceFolders": {"supported": False}}
    return envelope.encode({**answer, "capabilities": capabilities})


def configuration(settings: dict[str, Any], params: bytes) -> bytes:
    """The answer to ``workspace/configuration``: one value for each section asked for, null where there is none.

    Raises:
        Malformed: the parameters have another shape.
    """
    asked = envelope.parse(params, _ConfigurationParams)
    return envelope.encode([_section(settings, item.section) for item in asked.items])


class _ConfigurationItem(msgspec.Struct):
    section: str = ""


class _ConfigurationParams(msgspec.Struct):
    items: list[_ConfigurationItem]


def _section(settings: dict[str, Any], section: str) -> Any:
    value: Any = settings
    for name in filter(None, section.split(".")):
        value = value.get(name) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]

"""Language servers as seen from outside; their sockets are in ``api.sockets``."""

from typing import Final

from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.api.schemas import LogLine
from control_plane.domain.access import Policy
from sandbox_image.wire.language import LanguageServerHealth

TAG: Final = "language"

OPERATIONS: Final[list[Operation]] = [
    passed(
        "get_language_health",
        "GET",
        "/api/lsp/health",
        "/lsp/health",
        Policy.VIEW,
        TAG,
        "Tell how the language servers are",
        touches=False,
        wakes=False,
        answer=list[LanguageServerHealth],
    ),
    passed(
        "get_language_logs",
        "GET",
        "/api/lsp/logs",
        "/lsp/logs",
        Policy.VIEW,
        TAG,
        "Read the language servers' log",
        touches=False,
        wakes=False,
        query=("n",),
        answer=list[LogLine],
    ),
    passed(
        "get_language_stdio",
        "GET",
        "/api/lsp/stdio",
        "/lsp/stdio",
        Policy.VIEW,
        TAG,
        "Read the last lines of a server's stderr, or of its traffic",
        touches=False,
        wakes=False,
        query=("lsp_type", "stream"),
        answer="text/plain",
    ),
    passed(
        "restart_language_server",
        "POST",
        "/api/lsp/{kind}/restart",
        "/lsp/{kind}/restart",
        Policy.EDIT,
        TAG,
        "Restart a language server",
        answer=LanguageServerHealth,
    ),
]

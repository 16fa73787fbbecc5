"""Language servers for editors: one Python server shared by all of a project's editors, and one ruff for each editor.

Layers, none of which knows those after it: ``envelope``, ``framing`` and ``text`` (pure), ``documents``, ``in_flight``
and ``server_requests`` (state), ``multiplexer`` (the protocol, without waiting), ``server_process``, ``shared_server``
and ``connection`` (processes and sockets), ``language_servers`` and ``routes`` (the part of the agent).
"""

from .language_servers import LanguageServers
from .routes import routes

__all__ = ["LanguageServers", "routes"]

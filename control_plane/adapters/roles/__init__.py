"""How the roles of a control plane that runs as several processes talk: framed JSON on Unix sockets, one call a connection."""

"""The edge: HTTP routes and WebSockets, their schemas and policies."""

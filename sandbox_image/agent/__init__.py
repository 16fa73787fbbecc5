"""The program inside a sandbox: it serves the interface of ``docs/agent-api.md``."""

"""The only way out of a sandbox: a proxy on a socket of the sandbox's own, which lets named hosts through."""

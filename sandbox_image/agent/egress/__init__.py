"""The way out of a sandbox that has no network: a loopback port, forwarded to the control plane's egress proxy."""

from .forwarder import EgressForwarder

__all__ = ["EgressForwarder"]

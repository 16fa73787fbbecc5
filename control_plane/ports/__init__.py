"""What the services need from outside, as Protocols. ``adapters`` holds the real ones, ``tests/fakes`` those of the tests;
both pass the same contract suites in ``tests/contract``.
"""

from control_plane.ports.agent_link import AgentAddress, AgentAnswer, AgentLink, AgentSocket, AgentStream
from control_plane.ports.clock import Clock
from control_plane.ports.egress import Egress
from control_plane.ports.event_sink import EventSink
from control_plane.ports.host_memory import HostMemory
from control_plane.ports.json_reader import JsonReader
from control_plane.ports.sandbox_runtime import Container, ContainerState, SandboxRuntime, SandboxSpec
from control_plane.ports.sign_in import IdentityProvider, Passwords
from control_plane.ports.stores import (
    AllowanceStore,
    ArchiveStore,
    AuditStore,
    HiddenTestStore,
    IdentityStore,
    ProjectStore,
    SandboxStore,
)
from control_plane.ports.tracer import Attribute, Span, TracedPart, Tracer

__all__ = [
    "AgentAddress",
    "AgentAnswer",
    "AgentLink",
    "AgentSocket",
    "AgentStream",
    "AllowanceStore",
    "ArchiveStore",
    "Attribute",
    "AuditStore",
    "Clock",
    "Container",
    "ContainerState",
    "Egress",
    "EventSink",
    "HiddenTestStore",
    "HostMemory",
    "IdentityProvider",
    "IdentityStore",
    "JsonReader",
    "Passwords",
    "ProjectStore",
    "SandboxRuntime",
    "SandboxSpec",
    "SandboxStore",
    "Span",
    "TracedPart",
    "Tracer",
]

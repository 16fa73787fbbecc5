"""``ports.SandboxRuntime`` in a process of its own, which alone may use the container engine."""

"""What a result depends on, part by part, so that a difference can be told in a sentence."""

import msgspec

from . import digests


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Digests of all that decides a node's result; equal causes have equal results."""

    code: str
    settings: dict[str, str] = {}
    files: dict[str, str] = {}
    environment: str = ""
    outputs: list[str] = []
    inputs: dict[str, str] = {}
    """Digest of what reaches each port, by a label that names the port and the source's title."""

    def key(self) -> str:
        """Return the key of the result cache."""
        return digests.of_json(self)

    def with_inputs(self, inputs: dict[str, str]) -> "Cause":
        """Return the same with other inputs."""
        return msgspec.structs.replace(self, inputs=inputs)


def difference(then: Cause, now: Cause) -> str:
    """Return in a sentence why ``now`` needs a new result; empty when it does not."""
    if then.code != now.code:
        return "Its code was edited."
    if then.settings != now.settings:
        return f"Its settings were changed: {_names(then.settings, now.settings)}."
    if then.files != now.files:
        return f"Files that it reads were changed: {_names(then.files, now.files)}."
    if then.environment != now.environment:
        return "The packages of the environment were changed."
    if set(then.inputs) != set(now.inputs):
        return "Its connections were changed."
    if then.inputs != now.inputs:
        return f"What it gets was changed: {_names(then.inputs, now.inputs)}."
    return "" if then == now else "Its outputs were changed."


def _names(then: dict[str, str], now: dict[str, str]) -> str:
    return ", ".join(name for name in {**then, **now} if then.get(name) != now.get(name))

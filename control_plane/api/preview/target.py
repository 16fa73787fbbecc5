"""Which project and port a preview address means: ``http://<project>.<preview host>/preview/<project>/<port>/…``."""

from dataclasses import dataclass

from control_plane.domain.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Target:
    """A server in a sandbox. ``path`` is what the server is asked for, as it was sent, percent signs and all."""

    project_id: str
    port: int
    path: str


def parse_target(host: str, suffix: str, raw_path: str) -> Target:
    """Read a preview address. Raises ``NotFound``, ``Invalid``; the port is parsed here and nowhere else."""
    parts = raw_path.split("/", 4)
    if len(parts) < 4 or parts[1] != "preview":
        raise NotFound("There is nothing here: previews live below /preview/{project}/{port}/.")
    _, _, project_id, port_text, *rest = parts
    if host.removesuffix(suffix) != project_id.lower():
        raise NotFound("This address belongs to another project.")
    if not (port_text.isascii() and port_text.isdecimal() and len(port_text) <= 5 and 0 < int(port_text) < 65536):
        raise Invalid(f"{port_text[:20]!r} is not a port: a number from 1 to 65535 is.")
    return Target(project_id, int(port_text), "/" + (rest[0] if rest else ""))

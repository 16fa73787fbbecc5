"""The command ``aimforge``: it finds the command that is asked for and imports that one only."""

import importlib
import sys
from typing import Any, Final

import typer

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "serve": ("control_plane.commands.serve", "Start the server and print the URL to open."),
    "launcher": ("control_plane.commands.launcher", "Start the role that alone talks to the container engine."),
    "egress": ("control_plane.commands.egress", "Start the role that lets sandboxes reach named hosts."),
    "alive": ("control_plane.commands.alive", "Ask a role whether it works, for health checks."),
    "doctor": ("control_plane.commands.doctor", "Tell what is missing on this machine, and the command that mends it."),
    "user": ("control_plane.commands.user", "Accounts: the first administrator, and whoever locked themselves out."),
    "image": ("control_plane.commands.image", "The image that sandboxes are started from."),
    "openapi": ("control_plane.commands.openapi", "Print the OpenAPI document."),
    "version": ("control_plane.commands.version", "Print the version."),
}
"""Name → module and one line of help. A module has ``app`` (a group of commands) or a function named like itself."""


def load(name: str) -> Any:
    """Import a command and return it as something that can be called with no arguments; it reads ``sys.argv``."""
    module = importlib.import_module(COMMANDS[name][0])
    group = getattr(module, "app", None)
    if isinstance(group, typer.Typer):
        return group
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    command.command(name, help=COMMANDS[name][1])(getattr(module, name))
    return command


def usage() -> str:
    """Return the help text."""
    lines = [f"  {name:<10} {COMMANDS[name][1]}" for name in COMMANDS]
    return (
        "Usage: aimforge COMMAND [OPTIONS]\n\nCommands:\n"
        + "\n".join(lines)
        + "\n\n`aimforge COMMAND --help` tells more."
    )


def main() -> None:
    """Run the command that the arguments name. Exits with 2 for one that is not known."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("--help", "-h", "help"):
        sys.stdout.write(usage() + "\n")
        return
    if name not in COMMANDS:
        sys.stderr.write(f"aimforge: there is no command {name!r}.\n\n{usage()}\n")
        sys.exit(2)
    load(name)(sys.argv[2:], prog_name=f"aimforge {name}")

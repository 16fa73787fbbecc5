"""``aimforge image``: build the sandbox image."""

import asyncio
import sys

import typer

from control_plane.domain.errors import AimforgeError

app = typer.Typer(help="The image that sandboxes are started from.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def ensure(base: str = typer.Option("", envvar="BASE_IMAGE", help="Image to build from.")) -> None:
    """Build the image unless the engine has the one that fits this version."""
    _build(base, rebuild=False)


@app.command()
def build(base: str = typer.Option("", envvar="BASE_IMAGE", help="Image to build from.")) -> None:
    """Build the image anew, without the engine's build cache."""
    _build(base, rebuild=True)


@app.command()
def name(base: str = typer.Option("", envvar="BASE_IMAGE", help="Image to build from.")) -> None:
    """Print the name of the image that fits this version."""
    from control_plane.adapters.docker.image import current_image

    print(current_image(base or None))


def _build(base: str, *, rebuild: bool) -> None:
    from control_plane.adapters.docker.engine import Engine
    from control_plane.adapters.docker.image import ensure_image

    async def work() -> str:
        engine = Engine()
        try:
            return await ensure_image(engine, _say, base=base or None, rebuild=rebuild)
        finally:
            await engine.close()

    try:
        print(asyncio.run(work()))
    except AimforgeError as error:
        sys.exit(f"aimforge: {error.message}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

"""What several tests say about a sandbox: its spec, and a program that runs inside it."""

import asyncio
import json
from typing import Any

from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec

UID = 200_017
MIB = 1024 * 1024


def spec(project_id: str = "prices", generation: int = 1, uid: int = UID, memory: int = 256 * MIB) -> SandboxSpec:
    return SandboxSpec(
        project_id=project_id,
        project_name="Prices",
        generation=generation,
        uid=uid,
        limits=Limits(memory=memory, cpus=1, pids=64, open_files=512, shm=16 * MIB, tmp=8 * MIB),
        template="empty",
    )


async def run_inside(container_id: str, program: str) -> Any:
    """Run a Python program in a container, as its user, and return the JSON that it printed."""
    process = await asyncio.create_subprocess_exec(
        *("docker", "exec", container_id, "/opt/aimforge/venv/bin/python", "-I", "-c", program),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(output)

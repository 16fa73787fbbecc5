"""Runs schemathesis, as its command line does, against a server that listens."""

import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.security.deployment import ROOT

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
HANG_SEC = 600


@dataclass(frozen=True)
class Ran:
    """How it ended. ``tested`` are operations, ``asked`` and ``passed`` are requests."""

    code: int
    said: str
    tested: int
    asked: int
    passed: int


def schemathesis(
    folder: Path,
    document: str,
    *options: str,
    headers: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
    left_out: Collection[str] = (),
    tags: Collection[str] = (),
    examples: int = 1,
) -> Ran:
    """Ask what the document describes, ``examples`` times with what fits and as often with what does not.

    ``parameters`` are values for names such as ``path.project_id``; ``left_out`` are ids of operations; ``tags``: only those.
    """
    config = folder / "schemathesis.toml"
    lines = [f'"{name}" = "{value}"' for name, value in (parameters or {}).items()]
    config.write_text("\n".join(["[parameters]", *lines, ""]))
    done = subprocess.run(
        (
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={config}",
            "run",
            document,
            *options,
            *(f"--header={name}: {value}" for name, value in (headers or {}).items()),
            "--phases=fuzzing",
            f"--checks={','.join(CHECKS)}",
            f"--max-examples={examples}",
            "--seed=1",
            "--no-shrink",
            "--warnings=off",
            "--request-timeout=150",
            "--suppress-health-check=all",
            *(f"--exclude-operation-id={name}" for name in left_out),
            *(f"--include-tag={tag}" for tag in tags),
        ),
        cwd=folder,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.security.schemathesis_hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SEC,
    )
    tested = re.search(r"Tested: (\d+)", done.stdout)
    cases = re.search(r"(\d+) generated(?:, (\d+) passed)?", done.stdout)
    return Ran(
        done.returncode,
        done.stdout[-8000:] + done.stderr[-2000:],
        int(tested[1]) if tested else 0,
        int(cases[1]) if cases else 0,
        int(cases[2] or 0) if cases else 0,
    )

"""Log lines: JSON for programs, words for people on a terminal."""

import json
import os
import pty
import subprocess
import sys

PROGRAM = """
import structlog
from control_plane.commands import logs
logs.configure({style!r}, "info")
structlog.contextvars.bind_contextvars(request_id="r7")
log = structlog.stdlib.get_logger("a.b")
log.info("started", project_id="p1")
log.debug("not told")
try:
    raise ValueError("broken")
except ValueError:
    log.exception("fault")
import logging
logging.getLogger("uvicorn.error").warning("theirs")
"""


def test_elsewhere_than_on_a_terminal_each_line_is_json_ours_and_theirs():
    program = PROGRAM.format(style="auto")
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True, timeout=120)
    started, fault, theirs = (json.loads(line) for line in done.stderr.splitlines())
    assert (started["event"], started["level"], started["logger"]) == ("started", "info", "a.b")
    assert (started["request_id"], started["project_id"]) == ("r7", "p1")
    assert started["timestamp"].endswith("Z")
    assert "ValueError: broken" in fault["exception"]
    assert (theirs["event"], theirs["request_id"]) == ("theirs", "r7")


def test_on_a_terminal_they_are_for_people():
    ours, theirs = pty.openpty()
    try:
        program = PROGRAM.format(style="auto")
        subprocess.run((sys.executable, "-c", program), stderr=theirs, check=True, timeout=120)
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "started" in shown
    assert "Traceback" in shown
    assert not shown.lstrip().startswith("{")

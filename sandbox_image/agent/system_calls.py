"""System calls that nothing in a sandbox needs and that have been ways into the kernel: refused for the agent and all it starts.

The engine's own profile refuses many others. This filter is put on top, by the first process, and cannot be taken off again.
They fail with ENOSYS, as on a kernel without them, so that libraries fall back.
"""

import ctypes
import errno
import os
import struct
from typing import Final

NUMBERS: Final[dict[str, tuple[int, tuple[int, ...]]]] = {
    # audit architecture, then: bpf, userfaultfd, perf_event_open, io_uring_setup, io_uring_enter, io_uring_register
    "x86_64": (0xC000003E, (321, 323, 298, 425, 426, 427)),
    "aarch64": (0xC00000B7, (280, 282, 241, 425, 426, 427)),
}

PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_SECCOMP: Final = 22
SECCOMP_MODE_FILTER: Final = 2
RET_ALLOW: Final = 0x7FFF0000
RET_ERRNO: Final = 0x00050000
LOAD_WORD: Final = 0x20
JUMP_IF_EQUAL: Final = 0x15
RETURN: Final = 0x06
AT_NUMBER: Final = 0
"""Offsets in ``struct seccomp_data``."""
AT_ARCHITECTURE: Final = 4


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def program(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """Return the filter as BPF. Calls of another architecture, 32-bit ones say, are refused altogether."""

    def instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, if_true, if_false, value)

    refuse = len(numbers) + 1
    steps = [
        instruction(LOAD_WORD, 0, 0, AT_ARCHITECTURE),
        instruction(JUMP_IF_EQUAL, 0, refuse + 1, architecture),
        instruction(LOAD_WORD, 0, 0, AT_NUMBER),
    ]
    for index, number in enumerate(numbers):
        steps.append(instruction(JUMP_IF_EQUAL, len(numbers) - index, 0, number))
    steps += [
        instruction(RETURN, 0, 0, RET_ALLOW),
        instruction(RETURN, 0, 0, RET_ERRNO | errno.ENOSYS),
    ]
    return b"".join(steps)


def refuse_needless() -> bool:
    """Put the filter on this process and all that it will start; whether this machine has it."""
    known = NUMBERS.get(os.uname().machine)
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if known is None or prctl is None:
        return False
    code = program(*known)
    filled = _Program(len(code) // 8, code)
    return (
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filled), 0, 0) == 0
    )

"""Works that another process can import."""

import os
import time


def own_pid(body: bytes) -> bytes:
    return str(os.getpid()).encode()


def wide(body: bytes) -> bytes:
    return str(len([bytearray(2**28) for _ in range(64)])).encode()


def burning(body: bytes) -> bytes:
    while True:
        pass


def endless(body: bytes) -> bytes:
    time.sleep(3600)
    return b""

"""Passwords are hashed by Argon2id, in threads, a few at a time: each takes its memory."""

import asyncio
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE: Final = 4
NOBODYS: Final = "nobody has this password"


class Argon2Passwords:
    """Passes as ``ports.Passwords``."""

    def __init__(self, memory_kib: int = 65536, passes: int = 3) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1),))
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Hash a password with a salt of its own."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, hashed: str) -> bool:
        """Tell whether it fits; an empty hash fits nothing and takes as long."""
        if not hashed and not self._nobodys:
            self._nobodys = await self.hash(NOBODYS)
        async with self._slots:
            fits = await asyncio.to_thread(self._verify, password, hashed or self._nobodys)
        return fits and bool(hashed)

    def _verify(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(password, hashed)
        except PwdlibError:
            return False  # a hash that no hasher knows fits nothing

"""What decoding the bytes of others can end in; all of it means that they cannot be read."""

from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""``RecursionError``: brackets within brackets, deeper than the stack, also where nobody asked for the value."""

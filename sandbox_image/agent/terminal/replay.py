"""What is different when old output is shown on a fresh page: it must not make the page's terminal answer again."""

import re
from typing import Final

QUERY: Final = re.compile(
    rb"\x1b(?:"
    rb"\[[>=?]?[0-9;]*c"  # device attributes: DA1, DA2, DA3
    rb"|\[\??[0-9;]*n"  # device status, cursor position
    rb"|\[>[0-9;]*q"  # XTVERSION
    rb"|\[\??[0-9;]*\$p"  # DECRQM
    rb"|\[\?u"  # keyboard protocol
    rb"|\[\?[0-9;]*m"  # XTQMODKEYS, which vim asks
    rb"|\[1[1-9]t|\[2[01]t"  # window reports
    rb"|Z"  # DECID
    rb"|\](?:4;[0-9]+|1[0-9]);\?(?:\x07|\x1b\\)"  # colours
    rb"|\]52;[a-z0-9]*;\?(?:\x07|\x1b\\)"  # clipboard
    rb"|P(?:\$q|\+q)[^\x1b\x07]{0,64}\x1b\\"  # DECRQSS, XTGETTCAP
    rb")"
)
"""Sequences that a terminal answers by typing into the shell."""

LONGEST_QUERY: Final = 96
"""Bytes; a piece is cut before an escape as near as this to its end, so that no query is split."""


def without_queries(data: bytes) -> bytes:
    """``data`` with each query replaced by as many NULs, which terminals ignore: offsets stay what they are."""
    return QUERY.sub(_blank, data)


def _blank(match: re.Match[bytes]) -> bytes:
    return bytes(len(match[0]))


def whole_sequences(data: bytes) -> int:
    """How many bytes of ``data`` can be shown so that no query is cut in two by what follows."""
    escape = data.rfind(b"\x1b", max(1, len(data) - LONGEST_QUERY))
    # A string terminator is an escape itself: the sequence that it ends began before.
    while escape > 0 and data[escape + 1 : escape + 2] in {b"\\", b""}:
        earlier = data.rfind(b"\x1b", max(1, escape - LONGEST_QUERY), escape)
        if earlier < 0:
            break
        escape = earlier
    return escape if escape > 0 else len(data)


def first_line(data: bytes) -> int:
    """Where to begin in output whose beginning is lost: after the first line end, where no sequence is under way."""
    return data.find(b"\n") + 1

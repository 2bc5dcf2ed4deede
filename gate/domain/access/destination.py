"""Decide where a browser is sent after the sign-in: to pages of the gate, and nowhere else."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "/"
_LONGEST: Final = 2_000
# A second slash or a backslash would make the rest a host for browsers, which also drop tabs and
# line ends: only what can be seen is taken.
_LOCAL: Final = re.compile(r"/(?:[!-\[\]-~]*)")
_SIGN_IN: Final = re.compile(r"/sign-(?:in|out)(?:[/?#]|\Z)")


def local_path(wanted: str | None) -> str:
    """Return a path on the gate; the board for anything else, and for the sign-in itself."""
    if wanted is None or len(wanted) > _LONGEST or _LOCAL.fullmatch(wanted) is None:
        return HOME
    if wanted.startswith("//") or _SIGN_IN.match(wanted) is not None:
        return HOME
    return wanted

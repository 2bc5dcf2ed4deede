"""Shorten what the interpreter makes every thread of a service wait for."""

from __future__ import annotations

import gc
import sys
from typing import Final

_TURN_SECONDS: Final = 0.001
"""How long a thread may compute before others have their turn. With Python's 5 ms an answer to
GitHub, which takes many short turns, waits too long for a page that is being made."""


def keep_pauses_short() -> None:
    """Shorten the turns of threads, and keep the garbage collector from what lasts for ever.

    To be called when the service is made and before it serves. A full collection stops all threads
    while it looks at every object, and modules and tables alone are over a hundred thousand.
    """
    sys.setswitchinterval(_TURN_SECONDS)
    gc.collect()
    gc.freeze()

"""Shorten what the interpreter makes a start, an end and every thread of a service wait for."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import Final

_TURN_SECONDS: Final = 0.001
"""How long a thread may compute before others have their turn. With Python's 5 ms an answer to
GitHub, which takes many short turns, waits too long for a page that is being made."""

_DEFAULT: Final = gc.get_threshold()
_FEW: Final = (50_000, *_DEFAULT[1:])


def start_quickly() -> None:
    """Collect garbage rarely while modules are imported, and none of it as the process ends.

    To be called before anything else is imported. Modules last as long as the process, and looking
    through them again and again takes a third of a start.
    """
    gc.set_threshold(*_FEW)
    atexit.register(gc.freeze)


def keep_pauses_short() -> None:
    """Shorten the turns of threads, and keep the garbage collector from what lasts for ever.

    To be called when the service is made and before it serves. A full collection stops all threads
    while it looks at every object, and modules and tables alone are over a hundred thousand.
    """
    sys.setswitchinterval(_TURN_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_DEFAULT)

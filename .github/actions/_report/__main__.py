"""Run one of the actions: `python3 -I -S -B PATH/_report report-validation|send-alert`.

`-I` keeps the job's checkout and environment from changing what is imported; a folder that is run
is importable all the same.
"""

from __future__ import annotations

import sys

from reporting import alert, validation

ACTIONS = {"report-validation": validation.run, "send-alert": alert.run}

if __name__ == "__main__":
    chosen = ACTIONS.get(" ".join(sys.argv[1:]))
    sys.exit(chosen() if chosen else f"usage: _report {'|'.join(ACTIONS)}")

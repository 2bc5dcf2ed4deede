"""The garbage collector leaves modules alone, and collects what a service makes as ever."""

from __future__ import annotations

import json
import subprocess
import sys

_CODE = """
import gc, json
from gate.cli.service.interpreter import keep_pauses_short, start_quickly
def seen(): return gc.isenabled(), gc.get_threshold()[0]
before = seen()
start_quickly()
starting = seen()
keep_pauses_short()
print(json.dumps([before, starting, seen(), gc.get_freeze_count()]))
"""


def test_garbage_is_collected_rarely_only_until_the_service_is_made() -> None:
    """A long command still collects some; a service collects by Python's own measure again."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE], capture_output=True, text=True, timeout=60, check=True
    )
    before, starting, serving, frozen = json.loads(done.stdout)
    assert starting[0] is True
    assert starting[1] > 10 * before[1]
    assert serving == before
    assert frozen > 0

"""Which revision of the schema each release came with.

Add a line when a release is made: a migration may contract only what an earlier release had
already stopped to use. See docs/adr/0026.
"""

from __future__ import annotations

from typing import Final

RELEASED: Final = {"0.1.0": "0001"}
"""Each version, oldest first, and its newest revision.

0.1.0 is from before the rule: it refuses any schema but its own.
"""

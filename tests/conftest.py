"""What holds for every test: the service's log, and examples that are the same ones on CI.

Sockets are held to loopback by the options in `pyproject.toml`.
"""

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import hypothesis
import pytest

from gate.log import configure_logging

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the kernel's own
_ENOUGH: Final = 2 * 1024**3

# The databases of tests end with them. On a disk each commit would wait until it is written, and
# no test cuts the power.
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# Once and never undone, as in the service: a logger keeps the processors of its first line, so
# one test that put others in place would hide what later tests look for.
configure_logging("json")

# Two busy cores make one example slow now and then; that says nothing about the code.
hypothesis.settings.register_profile(
    "default", deadline=None, derandomize=os.environ.get("CI") == "true"
)
hypothesis.settings.load_profile("default")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores: tests of real processes mostly wait for them."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what thousands of collected tests keep to the end."""
    gc.collect()
    gc.freeze()

"""What holds for every test: examples without a time limit, and the same ones on CI.

Sockets are held to loopback by the options in `pyproject.toml`.
"""

import os

import hypothesis

# Two busy cores make one example slow now and then; that says nothing about the code.
hypothesis.settings.register_profile(
    "default", deadline=None, derandomize=os.environ.get("CI") == "true"
)
hypothesis.settings.load_profile("default")


def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores: tests of real processes mostly wait for them."""
    return (os.cpu_count() or 1) + 1

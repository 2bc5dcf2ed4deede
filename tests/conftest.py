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

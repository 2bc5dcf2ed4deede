from importlib import metadata

import gate


def test_the_package_says_its_own_version() -> None:
    """The installed metadata and the code agree."""
    assert metadata.version("deployment-gate") == gate.__version__

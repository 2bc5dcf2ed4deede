"""The mail server of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import server_context, write_certificate
from tests.support.mail_server import PostOffice, running_post_office


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mail server's certificate and key."""
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def office(certificate: Path) -> Iterator[PostOffice]:
    """A mail server that wants STARTTLS and a password."""
    with running_post_office(server_context(certificate)) as made:
        yield made

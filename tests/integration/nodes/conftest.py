"""A gate on PostgreSQL, which other nodes can join."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.harness import Gate, running_gate
from tests.support.postgres import PostgresServer


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database, with one gated repository."""
    with server.migrated_database() as url, running_gate(url) as running:
        yield running

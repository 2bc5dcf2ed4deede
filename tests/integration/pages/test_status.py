"""The status page of a whole gate."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.support.harness import Gate


def test_it_writes_nothing(gate: Gate) -> None:
    """So it does not wait for who writes, nor does a delivery wait for its readers."""
    path = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        page = gate.client().get("/status")
        writer.execute("ROLLBACK")
    assert page.status_code == 200
    assert '<th scope="row">Database</th><td><span class="state pass">works</span>' in page.text

"""Nobody changes the source of a copy, and all of it is read in one state."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gate.store.copy.ends import quiet_source
from gate.store.engine.database import Database


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_the_source_is_read_in_one_state(database: Database) -> None:
    """However many statements read it; nothing is written."""
    with quiet_source(database) as snapshot:
        assert snapshot.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert snapshot.scalar(text("SHOW transaction_read_only")) == "on"

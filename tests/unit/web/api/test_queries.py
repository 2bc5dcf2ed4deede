"""What a list may be narrowed down by."""

from __future__ import annotations

import pytest
from flask import Flask

from gate.store.incidents import listing as incident_listing
from gate.store.requests import listing as request_listing
from gate.web.api.queries import BadQuery, filters


@pytest.mark.parametrize("module", [request_listing, incident_listing])
def test_a_state_that_does_not_exist_is_refused(module: object) -> None:
    """Who misspells a state is told those that exist, and gets no empty list."""
    known, choices = module.FILTERS, module.CHOICES  # type: ignore[attr-defined]  # both have them
    with Flask(__name__).test_request_context("/?state=held"):
        with pytest.raises(BadQuery, match="state must be one of open, ") as caught:
            filters(known, (), choices)
        assert all(it in str(caught.value) for it in choices["state"])
    with Flask(__name__).test_request_context("/?state=open"):
        assert filters(known, (), choices) == {"state": "open"}

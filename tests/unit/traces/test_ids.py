"""Ids of traces follow from deliveries, and are what W3C Trace Context allows."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from gate.traces.ids import ids_of


@given(st.text())
def test_ids_are_never_zero_and_have_the_right_length(delivery_id: str) -> None:
    """W3C Trace Context refuses zeros."""
    ids = ids_of(delivery_id)
    assert 0 < ids.trace_id < 2**128
    assert 0 < ids.span_id < 2**64
    assert len(ids.hexadecimal) == 32


def test_the_id_is_what_the_documentation_computes() -> None:
    """So that people find the trace of a delivery by a command."""
    delivery_id = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert ids_of(delivery_id).hexadecimal == hashlib.sha256(delivery_id.encode()).hexdigest()[:32]

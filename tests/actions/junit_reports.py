"""Read a report of one flow, or one that cannot be read."""

from __future__ import annotations

import pytest

from reporting.flows import Flow
from reporting.junit import parse_report
from reporting.problem import ReportProblem
from tests.actions.samples import NAME, flows_of

OLD = b"""<?xml version='1.0' encoding='UTF-8'?>
<testsuites>
  <testsuite name="Test Suite" device="R5" tests="3" failures="1">
    <testcase id="home" name="home"/>
    <testcase id="chat" name="chat"><failure>Element not found</failure></testcase>
    <testcase id="inbox" name="inbox"/>
  </testsuite>
</testsuites>
"""


def only(data: bytes) -> Flow:
    """Read a report of one flow."""
    (found,) = flows_of(data)
    return found


def problem_of(data: bytes) -> ReportProblem:
    """Read what cannot be read."""
    with pytest.raises(ReportProblem) as caught:
        parse_report(data, NAME)
    return caught.value

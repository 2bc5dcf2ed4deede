"""How old a validation is said to be."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import Beginning
from gate.domain.model.policy.policy import ValidationState
from gate.domain.requests.decision import Verdict
from gate.domain.requests.explanation.explain import explain
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_decision, make_request
from tests.support.builders.runs import make_run


@pytest.mark.parametrize(
    ("began", "shown"),
    [(None, "1 h"), (NOW - timedelta(hours=5), "5 h"), (NOW - timedelta(minutes=10), "1 h")],
)
def test_age_is_that_of_the_oldest_job_that_counts(began: datetime | None, shown: str) -> None:
    """A partial re-run renews nothing, and no job makes a run younger than it is."""
    beginning = None if began is None else Beginning(began, None)
    evidence = Evidence(ValidationState.PASSED, make_run(), "", beginning=beginning)
    decision = make_decision(Verdict.APPROVE, evidence=evidence)

    assert f"started {shown}" in explain(decision, make_request(), NOW)

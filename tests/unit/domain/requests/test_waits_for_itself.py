"""A validation that waits for the request it would release, and has reported already."""

from __future__ import annotations

from gate.domain.model.reports import FlowStatus
from gate.domain.requests.decide import decide
from tests.support.builders.defaults import NOW
from tests.support.builders.policies import make_policy
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts, make_key, make_request
from tests.support.builders.runs import make_run


def test_failed_flows_count_before_the_run_has_finished() -> None:
    """It cannot finish, but its report says already what it will show."""
    run = make_run(status="waiting", conclusion=None)
    facts = make_facts(
        request=make_request(key=make_key(run_id=run.run_id)),
        validations=(run,),
        reports=(make_validation_report(make_flow("a.yml", FlowStatus.FAILED)),),
    )

    decision = decide(make_policy(), facts, NOW)

    assert decision.reason == "validation_failed"
    assert "1 flow failed" in decision.reasons[0].detail

"""What was recorded decides again as it did."""

import msgspec
from hypothesis import given, settings

from gate.domain.model.facts import Facts
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision
from tests.property.strategies.cases import Case, cases


@settings(max_examples=500)
@given(case=cases())
def test_facts_survive_the_record(case: Case) -> None:
    """Facts read back from the record are the same, and lead to the same decision."""
    recorded = msgspec.json.decode(msgspec.json.encode(case.facts), type=Facts)
    assert recorded == case.facts
    assert decide(case.reading, recorded, case.now) == decide(case.reading, case.facts, case.now)


@settings(max_examples=500)
@given(case=cases())
def test_decision_survives_the_record(case: Case) -> None:
    """A decision read back from the record is the same."""
    decision = decide(case.reading, case.facts, case.now)
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision

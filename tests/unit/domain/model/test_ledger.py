"""What is remembered of effects."""

import pytest

from gate.domain.model.ledger import EffectStatus, Ledger
from tests.support.builders.ledger import make_ledger, make_report, make_review


@pytest.mark.parametrize(
    ("status", "begun", "unsettled"),
    [
        (EffectStatus.INTENDED, False, False),
        (EffectStatus.SENDING, True, True),
        (EffectStatus.UNKNOWN, True, True),
        (EffectStatus.DONE, True, False),
        (EffectStatus.REFUSED, True, False),
        (EffectStatus.WITHDRAWN, False, False),
    ],
)
def test_status(status: EffectStatus, begun: bool, unsettled: bool) -> None:
    """An effect is begun once GitHub may have seen it, and unsettled until it answered."""
    entry = make_review(status)
    assert (entry.is_begun, entry.is_unsettled) == (begun, unsettled)


def test_review_of_a_round() -> None:
    """The review of a round is found among reports and other rounds' reviews."""
    second = make_review(round=2)
    ledger = make_ledger(make_report(round=2), make_review(), second)
    assert ledger.review(2) is second
    assert ledger.review(3) is None
    assert Ledger().review(1) is None


def test_reports() -> None:
    """The reports are those that GitHub may have seen, in the order they were intended."""
    first, second = make_report(1), make_report(2, status=EffectStatus.SENDING)
    withdrawn = make_report(3, status=EffectStatus.WITHDRAWN)
    ledger = make_ledger(first, make_review(EffectStatus.DONE), second, withdrawn)
    assert ledger.reports == (first, second)

"""What became of a review whose answer was lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.model.ledger import EffectStatus, Ledger, LedgerEntry
from gate.domain.requests.closing import SECOND_LOOK, Sighting
from gate.domain.requests.settlement import (
    Settlement,
    may_have_landed,
    needs_look,
    settle,
)
from tests.support.builders.defaults import NOW, TICK
from tests.support.builders.ledger import make_report, make_review
from tests.support.builders.requests import make_sighting
from tests.support.builders.runs import make_deploy_run

SENDING = make_review(EffectStatus.SENDING)
UNKNOWN = make_review(EffectStatus.UNKNOWN)
REFUSED = make_review(EffectStatus.REFUSED)
LOST = replace(make_review(EffectStatus.INTENDED), maybe_landed=True, begun_at=NOW)
DENIED = replace(make_report(status=EffectStatus.REFUSED), outcome="nothing_pending", begun_at=NOW)
GONE = make_sighting(pending=False)
WENT_ON = make_sighting(pending=False, deployment_states=("queued",))
CANCELLED = make_sighting(
    run=make_deploy_run(status="completed", conclusion="cancelled"), pending=False
)


@pytest.mark.parametrize(
    ("review", "needed"),
    [
        (None, False),
        (make_review(EffectStatus.INTENDED), False),
        (make_review(EffectStatus.WITHDRAWN), False),
        (make_review(EffectStatus.DONE), False),
        (SENDING, True),
        (UNKNOWN, True),
        (REFUSED, True),
    ],
)
def test_needs_look(review: LedgerEntry | None, needed: bool) -> None:
    """The gate is looked at when a review was begun and nobody knows that it was applied."""
    assert needs_look(review) is needed
    expected = Settlement.NOT_LANDED if needed else Settlement.OPEN
    assert settle(review, Ledger(), make_sighting(), NOW) is expected


@pytest.mark.parametrize(
    ("review", "sighting", "settlement"),
    [
        (SENDING, WENT_ON, Settlement.LANDED),
        (UNKNOWN, WENT_ON, Settlement.LANDED),
        (UNKNOWN, GONE, Settlement.OPEN),
        (UNKNOWN, replace(WENT_ON, run=None), Settlement.LANDED),
        (UNKNOWN, CANCELLED, Settlement.OPEN),
        (UNKNOWN, make_sighting(pending=False, run_gone=True), Settlement.OPEN),
        (REFUSED, WENT_ON, Settlement.OPEN),
        (SENDING, make_sighting(pending=None), Settlement.OPEN),
    ],
)
def test_settle(review: LedgerEntry, sighting: Sighting, settlement: Settlement) -> None:
    """A gate that is gone took a lost review, unless its run was cancelled or is gone too."""
    assert settle(review, Ledger(), sighting, NOW) is settlement


@pytest.mark.parametrize("ago", [SECOND_LOOK, SECOND_LOOK + TICK])
def test_gone_for_long(ago: timedelta) -> None:
    """A gate that shows no trace of the answer is believed to be gone after a while only."""
    begun = replace(UNKNOWN, begun_at=NOW - ago)
    assert settle(begun, Ledger(), GONE, NOW) is Settlement.LANDED


def test_gone_too_soon() -> None:
    """GitHub's listing may not show a new gate yet."""
    begun = replace(UNKNOWN, begun_at=NOW - SECOND_LOOK + TICK)
    assert settle(begun, Ledger(), GONE, NOW) is Settlement.OPEN


@pytest.mark.parametrize(
    "sighting", [CANCELLED, make_sighting(pending=False, run_gone=True)], ids=["cancelled", "gone"]
)
def test_a_run_that_is_over_took_no_answer_however_long_ago(sighting: Sighting) -> None:
    """Its gate is gone for a reason of its own."""
    begun = replace(UNKNOWN, begun_at=NOW - 9 * SECOND_LOOK)
    assert settle(begun, Ledger(), sighting, NOW) is Settlement.OPEN


@pytest.mark.parametrize(
    ("review", "may"),
    [
        (SENDING, True),
        (UNKNOWN, True),
        (REFUSED, False),
        (make_review(EffectStatus.DONE), False),
        (replace(make_review(EffectStatus.WITHDRAWN), maybe_landed=True), True),
        (replace(make_review(EffectStatus.INTENDED), maybe_landed=True, outcome="too_late"), True),
        (replace(REFUSED, maybe_landed=True), True),
        (replace(make_review(EffectStatus.INTENDED), attempts=1, outcome="too_late"), False),
        (make_review(EffectStatus.INTENDED), False),
    ],
)
def test_what_may_have_landed_after_all(review: LedgerEntry, *, may: bool) -> None:
    """What was begun and not seen to be applied, whatever came of attempts after it."""
    assert may_have_landed(review) is may


@pytest.mark.parametrize(
    ("review", "report", "settlement"),
    [
        (LOST, DENIED, Settlement.LANDED),
        (replace(UNKNOWN, begun_at=NOW), DENIED, Settlement.LANDED),
        (replace(LOST, maybe_landed=False), DENIED, Settlement.OPEN),
        (LOST, replace(DENIED, round=2), Settlement.OPEN),
        (LOST, replace(DENIED, outcome="report_refused"), Settlement.OPEN),
        (LOST, replace(DENIED, begun_at=NOW - TICK), Settlement.OPEN),
        (LOST, replace(DENIED, begun_at=None), Settlement.OPEN),
        (replace(LOST, status=EffectStatus.DONE), DENIED, Settlement.OPEN),
    ],
)
def test_a_report_that_is_refused_since_nothing_pends(
    review: LedgerEntry, report: LedgerEntry, settlement: Settlement
) -> None:
    """A required reviewer keeps the environment pending: our rule was answered by what was lost."""
    assert settle(review, Ledger((review, report)), make_sighting(), NOW) is settlement

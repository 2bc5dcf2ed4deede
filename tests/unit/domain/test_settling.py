"""What became of a review whose answer was lost."""

import pytest

from gate.domain.closing import Sighting
from gate.domain.ledger import EffectStatus, LedgerEntry
from gate.domain.settling import Settlement, needs_look, settle
from tests.builders import make_deploy_run, make_review, make_sighting

SENDING = make_review(EffectStatus.SENDING)
UNKNOWN = make_review(EffectStatus.UNKNOWN)
REFUSED = make_review(EffectStatus.REFUSED)
GONE = make_sighting(pending=False)
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
    assert settle(review, make_sighting()) is expected


@pytest.mark.parametrize(
    ("review", "sighting", "settlement"),
    [
        (SENDING, GONE, Settlement.LANDED),
        (UNKNOWN, GONE, Settlement.LANDED),
        (UNKNOWN, make_sighting(run=None, pending=False), Settlement.LANDED),
        (UNKNOWN, CANCELLED, Settlement.OPEN),
        (UNKNOWN, make_sighting(pending=False, run_gone=True), Settlement.OPEN),
        (REFUSED, GONE, Settlement.OPEN),
        (SENDING, make_sighting(pending=None), Settlement.OPEN),
    ],
)
def test_settle(review: LedgerEntry, sighting: Sighting, settlement: Settlement) -> None:
    """A gate that is gone took a lost review, unless its run was cancelled or is gone too."""
    assert settle(review, sighting) is settlement

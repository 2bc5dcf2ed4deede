"""Decisions and entries of the ledger, and the topics that are planned from them."""

from gate.domain.model.ledger import EffectStatus, LedgerEntry
from gate.domain.model.request import GateRequest
from gate.domain.requests.decision import Decision, Verdict
from gate.domain.requests.plan import plan
from tests.support.builders.defaults import NOW
from tests.support.builders.ledger import make_ledger, make_report
from tests.support.builders.requests import make_decision, make_request

WAIT = make_decision()
APPROVE = make_decision(Verdict.APPROVE)
REJECT = make_decision(Verdict.REJECT)
LAST_CALL = make_decision(last_call=True)
BEGUN = (
    EffectStatus.SENDING,
    EffectStatus.UNKNOWN,
    EffectStatus.DONE,
    EffectStatus.REFUSED,
)


def topics(
    decision: Decision, *entries: LedgerEntry, request: GateRequest | None = None
) -> list[str]:
    """Name what is planned when these entries are on record."""
    effects = plan(decision, request or make_request(), make_ledger(*entries), NOW)
    return [effect.topic for effect in effects]


def reports(count: int) -> list[LedgerEntry]:
    """Make so many reports, each about something else."""
    return [make_report(number, topic=f"topic-{number}") for number in range(1, count + 1)]

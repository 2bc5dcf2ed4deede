"""Produce the comments that the documentation shows, by the code that posts them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.facts import Facts
from gate.domain.model.ids import RunId
from gate.domain.model.overrides import OverrideChannel, OverrideRoutes
from gate.domain.model.reports import FlowStatus
from gate.domain.requests.decide import decide
from gate.domain.requests.explanation.explain import explain
from gate.domain.requests.explanation.remedies import Guide, IssueLink
from tests.support.builders.defaults import NOW, before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.policies import make_policy
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_account, make_run

_REQUEST: Final = make_request(waiting_since=NOW, opened_at=NOW)
_ERRORS: Final = {
    "add-exercise.yml": 'Assertion is false: "Save changes" is visible',
    "checkout.yml": "Element not found: Text matching regex: Pay now",
    "login.yml": None,
    "search.yml": None,
}
_GUIDE: Final = Guide(
    OverrideRoutes(review=False, environment=True, comment=True),
    IssueLink(12, "https://github.com/acme/shop/issues/12"),
    "https://gate.example.com/requests/7",
)


def red_comment() -> str:
    """Return the comment on a deployment that is held by a failed validation."""
    return _comment(_red(), NOW)


def running_comment() -> str:
    """Return the comment while the validation runs again."""
    run = make_run(
        run_attempt=2, status="in_progress", conclusion=None, started_at=before(minutes=3)
    )
    return _comment(make_facts(validations=(run,), request=_REQUEST), NOW)


def refused_comment() -> str:
    """Return the comment after a reviewer tried to override without the words for it."""
    claim = make_claim(
        channel=OverrideChannel.COMMENT,
        person=make_account("carol", id=77),
        rationale="ship it",
        given_at=NOW + timedelta(minutes=5),
    )
    return _comment(_red(claims=(claim,), standings=(make_standing(claim.person),)), claim.given_at)


def _red(**changes: object) -> Facts:
    flows = [make_flow(it, FlowStatus.FAILED, error=why) for it, why in _ERRORS.items()]
    report = make_validation_report(*flows)
    earlier = make_validation_report(*flows[2:], run_id=RunId(499), reported_at=before(hours=9))
    known = make_run(run_id=RunId(499), conclusion="failure", started_at=before(hours=9))
    return make_facts(
        validations=(make_run(conclusion="failure", started_at=before(minutes=20)), known),
        reports=(report, earlier),
        request=_REQUEST,
        **changes,
    )


def _comment(facts: Facts, now: datetime) -> str:
    decision = decide(make_policy(), facts, now)
    return explain(decision, facts.request, now, _GUIDE)

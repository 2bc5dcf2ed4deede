"""Which facts must be read before a request may be decided."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gate.domain.model.overrides import OverrideChannel
from gate.domain.model.policy.policy import Covers, Reaction
from gate.domain.model.runs import Account, WorkflowRun
from gate.domain.requests.missing_facts import (
    LISTING_TRUSTED,
    JobsNeeded,
    ListingNeeded,
    Listings,
    StandingNeeded,
    TriggerNeeded,
    listings_of,
    missing_facts,
)
from tests.support.builders.defaults import BRANCH, FORK, NOW, TERRAFORM, TICK, VALIDATION, before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.policies import make_environment
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_account, make_job, make_run

VALIDATIONS = ListingNeeded(VALIDATION, BRANCH)
CHANGES = ListingNeeded(TERRAFORM, BRANCH)
PLAIN = make_environment()
COVERING = make_environment(covers=Covers.INFRASTRUCTURE)
WITH_JOBS = make_environment(required_jobs=("flows",))


def read(*listings: ListingNeeded, at: datetime = NOW, since: datetime | None = None) -> Listings:
    """State that these listings were read, and that no webhook was lost since yesterday."""
    return Listings(dict.fromkeys(listings, at), since or before(days=1))


def test_which_listings() -> None:
    """A policy rests on its validations and, if it says so, on all infrastructure runs."""
    assert listings_of(PLAIN, BRANCH) == (VALIDATIONS,)
    assert listings_of(COVERING, BRANCH) == (VALIDATIONS, CHANGES)
    release = make_environment(branch="release")
    assert listings_of(release, BRANCH) == (ListingNeeded(VALIDATION, "release"),)


def test_nothing_read() -> None:
    """Every listing must be read once."""
    assert missing_facts(COVERING, make_facts(), read(), NOW) == (VALIDATIONS, CHANGES)
    assert missing_facts(COVERING, make_facts(), read(VALIDATIONS), NOW) == (CHANGES,)


def test_nothing_missing() -> None:
    """What was just read is not asked for again."""
    assert missing_facts(PLAIN, make_facts(), read(VALIDATIONS), NOW) == ()
    assert missing_facts(COVERING, make_facts(), read(VALIDATIONS, CHANGES), NOW) == ()


@pytest.mark.parametrize(
    ("age", "trusted"),
    [
        (timedelta(), True),
        (LISTING_TRUSTED - TICK, True),
        (LISTING_TRUSTED, True),
        (LISTING_TRUSTED + TICK, False),
    ],
)
def test_trust_ends(age: timedelta, trusted: bool) -> None:
    """A listing is trusted for ten minutes after it was read."""
    needs = missing_facts(PLAIN, make_facts(), read(VALIDATIONS, at=NOW - age), NOW)
    assert needs == (() if trusted else (VALIDATIONS,))


@pytest.mark.parametrize(("gap", "trusted"), [(-TICK, True), (timedelta(), True), (TICK, False)])
def test_trust_needs_webhooks(gap: timedelta, trusted: bool) -> None:
    """A listing from before a gap in the webhooks is not trusted, however young it is."""
    listings = read(VALIDATIONS, at=before(minutes=1), since=before(minutes=1) + gap)
    assert listings.is_trusted(VALIDATIONS, NOW) is trusted


def test_listing_of_another_branch() -> None:
    """A listing of another branch is another listing."""
    assert missing_facts(PLAIN, make_facts(), read(ListingNeeded(VALIDATION, "release")), NOW) == (
        VALIDATIONS,
    )


@pytest.mark.parametrize(
    ("run", "needed"),
    [
        (make_run(), True),
        (make_run(jobs=(make_job(),)), False),
        (make_run(jobs=()), False),
        (make_run(conclusion="failure"), False),
        (make_run(status="in_progress", conclusion=None), False),
        (make_run(head_repository_id=FORK), False),
    ],
    ids=["green", "jobs read", "no jobs", "failed", "running", "fork"],
)
def test_jobs(run: WorkflowRun, needed: bool) -> None:
    """The jobs of the newest counting run are read when it is green and their names matter."""
    needs = missing_facts(WITH_JOBS, make_facts(validations=(run,)), read(VALIDATIONS), NOW)
    assert needs == ((JobsNeeded(run.run_id, 1),) if needed else ())


def test_jobs_of_the_newest_run_only() -> None:
    """An older green's jobs are not read: it will not decide."""
    failed = make_run(run_id=502, conclusion="failure", started_at=before(minutes=5))
    facts = make_facts(validations=(make_run(), failed))
    assert missing_facts(WITH_JOBS, facts, read(VALIDATIONS), NOW) == ()


def test_jobs_of_a_rerun() -> None:
    """The jobs are those of the attempt that decides."""
    again = make_run(run_attempt=2, started_at=before(minutes=5))
    facts = make_facts(validations=(make_run(), again))
    needs = missing_facts(WITH_JOBS, facts, read(VALIDATIONS), NOW)
    assert needs == (JobsNeeded(again.run_id, 2),)


def test_listing_before_jobs() -> None:
    """Jobs are not read before the listing is trusted: it may bring a newer run."""
    assert missing_facts(WITH_JOBS, make_facts(), read(), NOW) == (VALIDATIONS,)


def test_jobs_that_nobody_requires() -> None:
    """Without required jobs none are read."""
    assert missing_facts(PLAIN, make_facts(), read(VALIDATIONS), NOW) == ()


def test_no_validation_at_all() -> None:
    """Where no run counts there are no jobs to read."""
    facts = make_facts(validations=())
    assert missing_facts(WITH_JOBS, facts, read(VALIDATIONS), NOW) == ()


RED = make_run(conclusion="failure")
CLAIM = make_claim()
WHOLE = CLAIM.rationale
STARTER = make_account()
GATED = make_request().environment


def asked_about(person: Account) -> StandingNeeded:
    """Return what is asked of somebody who reviewed the gated environment."""
    return StandingNeeded(person, (), (GATED, f"{GATED}-override"), GATED)


@pytest.mark.parametrize(
    ("policy", "facts", "needed"),
    [
        ({}, {}, (asked_about(CLAIM.person),)),
        ({}, {"standings": (make_standing(),)}, ()),
        ({}, {"standings": (make_standing(may=False),)}, ()),
        ({}, {"claims": ()}, ()),
        ({}, {"triggered_by": None}, (TriggerNeeded(),)),
        ({}, {"triggered_by": None, "claims": (make_claim(rationale=""),)}, ()),
        ({"prevent_self_review": False}, {"triggered_by": None}, (asked_about(CLAIM.person),)),
        ({}, {"triggered_by": ()}, ()),
        ({}, {"claims": (make_claim(person=STARTER),)}, ()),
        ({}, {"claims": (make_claim(rationale="ok"),)}, ()),
        ({}, {"claims": (make_claim(run_attempt=2),)}, ()),
        ({}, {"validations": (make_run(),)}, ()),
        ({}, {"validations": (make_run(status="queued", conclusion=None),)}, ()),
        ({"allow": False}, {}, ()),
        ({"failed": Reaction.REJECT}, {}, ()),
        (
            {"approvals": 2},
            {"standings": (make_standing(),), "claims": (CLAIM, make_claim(person=STARTER))},
            (),
        ),
        (
            {"prevent_self_review": False},
            {"claims": (CLAIM, make_claim(person=STARTER))},
            (asked_about(CLAIM.person), asked_about(STARTER)),
        ),
    ],
)
def test_people(policy: dict[str, Any], facts: dict[str, Any], needed: tuple[object, ...]) -> None:
    """People are looked up only where nothing else stands between their claim and a release."""
    known: dict[str, Any] = {
        "validations": (RED,),
        "claims": (CLAIM,),
        "triggered_by": (STARTER.id,),
    }
    environment = make_environment(**policy)
    found = missing_facts(environment, make_facts(**known | facts), read(VALIDATIONS), NOW)
    assert found == needed


@pytest.mark.parametrize(
    ("policy", "reviewed", "commented", "is_shown"),
    [
        ({}, "", WHOLE, False),
        ({}, WHOLE, "", True),
        ({}, WHOLE, WHOLE, True),
        ({"approvals": 2}, WHOLE, "", False),
    ],
)
def test_a_review_speaks_for_itself_only(
    policy: dict[str, Any], reviewed: str, commented: str, *, is_shown: bool
) -> None:
    """That GitHub let somebody review once says nothing of what they may when they speak again."""
    review = make_claim(rationale=reviewed)
    comment = make_claim(channel=OverrideChannel.COMMENT, rationale=commented)
    facts = make_facts(validations=(RED,), claims=(review, comment), triggered_by=(STARTER.id,))
    (needed,) = missing_facts(make_environment(**policy), facts, read(VALIDATIONS), NOW)
    assert isinstance(needed, StandingNeeded)
    assert needed.reviewed == (GATED if is_shown else None)


def test_evidence_before_people() -> None:
    """Nobody is looked up before the listings are trusted and the jobs are read."""
    facts = make_facts(validations=(RED,), claims=(CLAIM,), triggered_by=(STARTER.id,))
    assert missing_facts(PLAIN, facts, read(), NOW) == (VALIDATIONS,)
    green = make_facts(claims=(CLAIM,), triggered_by=(STARTER.id,))
    needs = missing_facts(WITH_JOBS, green, read(VALIDATIONS), NOW)
    assert needs == (JobsNeeded(make_run().run_id, 1),)

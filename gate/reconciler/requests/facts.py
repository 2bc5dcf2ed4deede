"""Gather the facts of one decision from what is stored, and say which are still missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gate.clock import Moment
from gate.domain.evidence.relevance import ValidationScope, relevant_reports
from gate.domain.model.facts import NOBODY, Behind, Facts
from gate.domain.model.ids import RunId
from gate.domain.model.overrides import ALL_ROUTES, OverrideRoutes
from gate.domain.model.policy.policy import Covers, EnvironmentPolicy, LoadedPolicy, PolicyReading
from gate.domain.model.policy.sources import PolicyBasis
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.behind import count_behind
from gate.domain.requests.missing_facts import (
    ListingNeeded,
    Listings,
    Need,
    listings_of,
    missing_facts,
)
from gate.reconciler.deps import Deps
from gate.reconciler.observe.request import Observed
from gate.reconciler.requests.snapshot import View
from gate.store.engine.database import Transaction
from gate.store.github import listings, runs
from gate.store.github.listings import ListingRecord
from gate.store.reports import reports
from gate.store.requests import requests
from gate.store.requests.claims import RecordedClaim, read_claims
from gate.store.requests.leases import Lease


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at one request: under which lease, at what time, with what GitHub said so far.

    The age of the decision is measured from `began`.
    """

    lease: Lease
    observed: Observed
    deps: Deps
    began: Moment

    @property
    def now(self) -> datetime:
        """Return the time for which the facts are judged."""
        return self.began.at


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts of a decision, what is still missing of them, and where they come from."""

    facts: Facts
    claims: tuple[RecordedClaim, ...] = ()
    needs: tuple[Need, ...] = ()
    watched: tuple[str, ...] = ()
    basis: PolicyBasis | None = None
    routes: OverrideRoutes = ALL_ROUTES


def gather(tx: Transaction, view: View, reading: PolicyReading, current: Pass) -> Gathered:
    """Read the runs that the policy's evidence rests on."""
    default_branch = view.repository.default_branch or ""
    policy = None
    if isinstance(reading, LoadedPolicy):
        policy = reading.policy.environment(view.request.environment)
    if policy is None:
        unavailable = current.observed.unavailable
        bare = Facts(view.request, default_branch, (), (), unavailable=unavailable)
        return Gathered(replace(bare, behind=_behind(tx, view)))
    said = read_claims(tx, view.request.key)
    listed = listings.read_listings(tx, view.repository.id)
    facts = replace(
        _facts(tx, view, policy, listed, current),
        claims=tuple(recorded.claim for recorded in said),
        standings=current.observed.standings,
        triggered_by=view.triggered_by,
        behind=_behind(tx, view),
    )
    read_at = {it: record.read_at for it, record in listed.items() if not record.is_unsettled}
    trusted = Listings(read_at, current.deps.continuity.since)
    needs = missing_facts(policy, facts, trusted, current.now)
    watched = tuple(listing.path for listing in listings_of(policy, default_branch))
    return Gathered(facts, said, needs, watched)


def _behind(tx: Transaction, view: View) -> Behind:
    """Count the newer runs that the request holds up, from the webhooks that told of them.

    At the first look nothing waits behind it yet, and a green deployment has no other.
    """
    own = view.sighting.run
    if own is None or view.request.is_untouched:
        return NOBODY
    return count_behind(own, runs.newer_runs(tx, own))


def _facts(
    tx: Transaction,
    view: View,
    policy: EnvironmentPolicy,
    listed: Mapping[ListingNeeded, ListingRecord],
    current: Pass,
) -> Facts:
    """Narrow what is stored to the few runs, and their reports, that can matter.

    Which ones count, the domain decides. Runs that GitHub lists no more are none, for certain.
    """
    rule = policy.validation
    repository_id = view.repository.id
    scope = ValidationScope(rule, repository_id, view.repository.default_branch or "")
    validations = runs.candidate_runs(
        tx,
        repository_id,
        rule.workflow,
        branch=scope.branch,
        events=rule.events,
    )
    listing = listed.get(ListingNeeded(rule.workflow, scope.branch))
    validations = tuple(
        it for it in validations if listing is None or listing.tells_of(it.started_at)
    )
    reported = reports.read_reports(
        tx, repository_id, list(dict.fromkeys(run.run_id for run in validations))
    )
    told = relevant_reports(reported, validations, scope)
    changes: tuple[WorkflowRun, ...] = ()
    changed = None
    if rule.covers is Covers.INFRASTRUCTURE:
        path = rule.infrastructure_workflow
        changed = listed.get(ListingNeeded(path, scope.branch))
        changes = runs.last_changes(tx, repository_id, path, branch=scope.branch, now=current.now)
        if changed is not None and changed.absent_since is not None:
            changes = tuple(it for it in changes if changed.tells_of(it.started_at))
    return Facts(
        request=view.request,
        default_branch=scope.default_branch,
        validations=validations,
        infrastructure=changes,
        infrastructure_since=changed.reaches_to if changed is not None else None,
        unavailable=current.observed.unavailable,
        reports=told.own if told.previous is None else (*told.own, told.previous),
        gated=_gated(tx, view.request, validations),
    )


def _gated(
    tx: Transaction, request: GateRequest, validations: tuple[WorkflowRun, ...]
) -> tuple[RunId, ...]:
    """List the validations that are not over and wait at the gate of a request themselves."""
    running = {(run.run_id, run.run_attempt) for run in validations if not run.is_completed}
    if not running:
        return ()
    held = requests.undecided_requests(tx, request.key.repository_id)
    at_gate = {
        (it.key.run_id, it.key.run_attempt)
        for it in held
        if it.key.environment == request.key.environment
    }
    return tuple(sorted(run_id for run_id, _ in running & at_gate))

"""Gather what the board and the badges show of many repositories at once.

The number of queries does not grow with the repositories. What a cell says is decided in
`gate.domain.board.words`, and which runs count by the policy as it was read last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gate.domain.board.bar import draw_bar
from gate.domain.board.cell import (
    Asked,
    Cell,
    Place,
    PlaceFacts,
    Queue,
    Trouble,
    by_trouble,
)
from gate.domain.board.words import make_cell
from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import lacks_jobs
from gate.domain.evidence.judge import judge
from gate.domain.evidence.relevance import ValidationScope, counting_validations
from gate.domain.incidents.incident import Incident
from gate.domain.model.access import Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId, Sha, environment_key
from gate.domain.model.policy.policy import Covers, LoadedPolicy, PolicyReading, ValidationRule
from gate.domain.model.reports import ValidationReport
from gate.domain.model.runs import BriefRun, WorkflowRun
from gate.store.engine.database import Snapshot
from gate.store.github import validations
from gate.store.github.repositories import read_repositories
from gate.store.github.stored_policies import repositories_looked_up, shown, sources_of
from gate.store.github.validations import Attempt, Workflow
from gate.store.incidents.open_incidents import read_open
from gate.store.requests import places
from gate.web.deps import WebDeps
from gate.web.pages.board.known_policies import choose_policies, find_concealed

_MOST_INCIDENTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """A repository on the board, with its cells by the folded name of the environment."""

    repository: Repository
    policy: str
    cells: Mapping[str, Cell]

    @property
    def urgency(self) -> tuple[Trouble, str]:
        """Return the key by which rows are sorted."""
        return by_trouble(self.cells, self.repository.full_name)


@dataclass(frozen=True, slots=True)
class Fleet:
    """What stands in the requests and incidents that a reader may see."""

    repositories: Sequence[Repository]
    asked: Mapping[Place, Asked]
    queues: Mapping[Place, Queue]
    incidents: Mapping[Place, Incident]

    def sorted_repositories(self) -> list[Repository]:
        """Sort by what is known before runs are read: held, then with an open incident."""
        held = {place[0] for place in self.queues}
        failing = {place[0] for place in self.incidents}

        def urgency(it: Repository) -> tuple[bool, bool, str]:
            return it.id not in held, it.id not in failing, it.full_name.casefold()

        return sorted(self.repositories, key=urgency)

    def places(self) -> Mapping[RepositoryId, set[Place]]:
        """Group the places that requests and incidents name by repository."""
        found: dict[RepositoryId, set[Place]] = {}
        for place in (*self.asked, *self.incidents):
            found.setdefault(place[0], set()).add(place)
        return found


def gather(snapshot: Snapshot, visible: Visible) -> Fleet:
    """Find the repositories in which something is or was gated, as far as a reader may see."""
    asked = {it.place: it for it in places.read_newest_requests(snapshot, visible)}
    incidents = {
        (it.place.repository_id, environment_key(it.place.environment)): it
        for it in read_open(snapshot, visible, _MOST_INCIDENTS)
    }
    looked_up = set(repositories_looked_up(snapshot, visible))
    wanted = {place[0] for place in (*asked, *incidents)} | looked_up
    return Fleet(
        read_repositories(snapshot, wanted),
        asked,
        places.read_queues(snapshot, visible),
        incidents,
    )


def judge_rows(
    snapshot: Snapshot,
    fleet: Fleet,
    repositories: Sequence[Repository],
    deps: WebDeps,
    visible: Visible,
) -> list[Row]:
    """Return the rows of some repositories of a fleet, those with the most trouble first.

    What only an organization's policy says is left out where a reader may not see its repository.
    """
    choices = choose_policies(snapshot, repositories, deps)
    policies = {number: choice.reading for number, choice in choices.items()}
    concealed = find_concealed(snapshot, repositories, choices, visible)
    seen = _see(snapshot, repositories, policies, deps.clock())
    listed = frozenset(it.id for it in repositories)
    overrides = places.read_overridden_runs(snapshot, Visible(listed))
    # Where nothing waits, the newest validation says what the next deployment would meet.
    shown_by = {place: it.id for place, it in fleet.asked.items() if place not in seen.evidence}
    shown_by |= {place: queue.newest for place, queue in fleet.queues.items()}
    ids = {place: it for place, it in shown_by.items() if place[0] in listed}
    decisions = places.read_decisions(snapshot, ids.values())
    rows = []
    named = fleet.places()
    for repository in repositories:
        reading = policies.get(repository.id)
        cells = {}
        places_named = named.get(repository.id, set())
        if repository.id not in concealed:
            places_named = places_named | _places_in_policy(repository, reading, seen)
        for place in sorted(places_named):
            asked = fleet.asked.get(place)
            evidence = seen.evidence.get(place)
            incident = fleet.incidents.get(place)
            facts = PlaceFacts(
                environment=_spelled(place, asked, incident),
                policy=reading,
                evidence=evidence,
                queue=fleet.queues.get(place),
                asked=asked,
                decision=decisions.get(ids[place]) if place in ids else None,
                incident=incident,
                bar=draw_bar(
                    seen.counting.get(place, ()), evidence, overrides.get(place, frozenset())
                ),
                is_concealed=repository.id in concealed,
            )
            cells[place[1]] = make_cell(facts)
        if cells:
            rows.append(Row(repository, _name_policy(repository, reading), cells))
    return sorted(rows, key=lambda row: row.urgency)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the newest validations show, and all recent ones that count, newest first."""

    evidence: Mapping[Place, Evidence]
    counting: Mapping[Place, Sequence[BriefRun]]


def _see(
    snapshot: Snapshot,
    repositories: Sequence[Repository],
    policies: Mapping[RepositoryId, PolicyReading],
    now: datetime,
) -> _Seen:
    """Judge the newest validation of every environment that a policy names."""
    scopes = dict(_scopes(repositories, policies))
    workflows = {place: _workflow(scope) for place, scope in scopes.items()}
    found = validations.read_newest_runs(snapshot, set(workflows.values()))
    counting = {
        place: counting_validations(found.get(workflows[place], ()), scope)
        for place, scope in scopes.items()
    }
    newest = {place: _key(runs[0]) for place, runs in counting.items() if runs}
    attempts = validations.read_attempts(snapshot, set(newest.values()))
    reports = validations.read_reports_of(snapshot, set(newest.values()))
    evidence = {
        place: _judge(scope, attempts.get(newest[place]), reports.get(newest[place][:2], ()), now)
        if place in newest
        else _judge(scope, None, (), now)
        for place, scope in scopes.items()
    }
    return _Seen({place: it for place, it in evidence.items() if it is not None}, counting)


def _scopes(
    repositories: Sequence[Repository], policies: Mapping[RepositoryId, PolicyReading]
) -> list[tuple[Place, ValidationScope]]:
    """List which runs count as validations; of a branch that is not known yet, none is judged."""
    found: list[tuple[Place, ValidationScope]] = []
    for repository in repositories:
        reading = policies.get(repository.id)
        if not isinstance(reading, LoadedPolicy):
            continue
        for key, asked in reading.policy.environments.items():
            if asked.validation.branch is not None or repository.default_branch is not None:
                rule = _without_cover(asked.validation)
                scope = ValidationScope(rule, repository.id, repository.default_branch or "")
                found.append(((repository.id, key), scope))
    return found


def _without_cover(rule: ValidationRule) -> ValidationRule:
    """Return the rule without what only a certain deployment can be held against."""
    return replace(rule, covers=Covers.LATEST)


def _judge(
    scope: ValidationScope,
    run: WorkflowRun | None,
    reports: Collection[ValidationReport],
    now: datetime,
) -> Evidence | None:
    """Return what a validation shows; None while the jobs that decide have not been read."""
    if run is not None and lacks_jobs(run, scope.rule.required_jobs):
        return None
    return judge(
        scope,
        (run,) if run is not None else (),
        (),
        infrastructure_since=None,
        head_sha=Sha(""),
        now=now,
        reports=reports,
    )


def _places_in_policy(
    repository: Repository, reading: PolicyReading | None, seen: _Seen
) -> set[Place]:
    """List the environments that are shown of a repository because its policy names them.

    What a policy of the organization or the server names need not be there in each repository: it
    is shown once a deployment asked, or a validation ran.
    """
    if not isinstance(reading, LoadedPolicy):
        return set()
    is_own = reading.source == shown(sources_of(repository)[0], repository)
    named = [(repository.id, key) for key in reading.policy.environments]
    return {place for place in named if is_own or seen.counting.get(place)}


def _spelled(place: Place, asked: Asked | None, incident: Incident | None) -> str:
    if asked is not None:
        return asked.environment
    return incident.place.environment if incident is not None else place[1]


def _name_policy(repository: Repository, reading: PolicyReading | None) -> str:
    """Name where the policy comes from."""
    if not isinstance(reading, LoadedPolicy):
        return "policy: not read yet" if reading is None else "policy: not usable"
    own, organization = (shown(it, repository) for it in sources_of(repository))
    if reading.source == own:
        return "policy: repository + floor" if reading.floor is not None else "policy: repository"
    return "policy: organization" if reading.source == organization else "policy: server"


def _workflow(scope: ValidationScope) -> Workflow:
    return Workflow(scope.repository_id, scope.rule.workflow, scope.branch)


def _key(run: BriefRun) -> Attempt:
    return run.repository_id, run.run_id, run.run_attempt

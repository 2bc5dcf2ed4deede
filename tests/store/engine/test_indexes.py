"""What runs all the time finds its rows by an index, however much has piled up beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from sqlalchemy import select, text

from gate.domain.model import access
from gate.domain.model.access import EVERYTHING
from gate.domain.model.ids import IncidentId, InstallationId, RunId
from gate.domain.statistics.record import Period
from gate.store.access.sessions import find_session, sessions_of
from gate.store.access.sign_ins import take_sign_in
from gate.store.comments import commands, replies
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.tables.base import metadata
from gate.store.engine.tables.requests import gate_requests
from gate.store.github import policy_authors
from gate.store.github.repositories import look_candidates
from gate.store.github.runs import candidate_runs, last_changes, newer_runs
from gate.store.inbox import deliveries
from gate.store.inbox.deliveries import oldest_unread
from gate.store.incidents import alerts, artifacts, checks, issues
from gate.store.incidents.issues import is_opening
from gate.store.incidents.sent_alerts import read_sent_alerts
from gate.store.nodes.holdings import read_fleet
from gate.store.nodes.release import RELEASES
from gate.store.reports.kept_reports import read_kept_reports
from gate.store.reports.reports import read_reports
from gate.store.requests.decisions import decisions_of
from gate.store.requests.deeds import count_deeds, has_deed_of, is_of_deeds, spellings_of
from gate.store.requests.held import list_held
from gate.store.requests.history import HistoryFilter, list_history
from gate.store.requests.ledger import read_ledger
from gate.store.requests.requests import (
    count_undecided,
    due_requests,
    find_request,
    undecided_requests,
)
from gate.store.requests.waking import wake_installation, wake_repository
from gate.store.statistics.flows import read_flows
from gate.store.statistics.gauges import read_open_incidents, read_outbox, read_recent_alerts
from gate.store.statistics.holds import read_holds
from gate.store.statistics.releases import read_releases
from gate.store.statistics.scope import Scope
from gate.store.statistics.stories import read_stories
from gate.store.statistics.validations import count_attempts
from tests.store.conftest import DIALECTS, new_postgresql
from tests.support.builders.defaults import (
    BRANCH,
    NODE,
    NOW,
    REPOSITORY,
    TERRAFORM,
    VALIDATION,
    before,
)
from tests.support.builders.requests import make_key
from tests.support.builders.runs import make_run
from tests.support.plans import plan_of

DAY: Final = Period(before(days=1), NOW)
ALL: Final = Scope(EVERYTHING)


def history(snapshot: Snapshot, **wanted: Any) -> object:
    """Read a page of the history."""
    return list_history(snapshot, HistoryFilter(**wanted), access.EVERYTHING, limit=100)


QUERIES: Final[dict[str, tuple[Callable[[Snapshot], object], str]]] = {
    "due requests": (lambda it: due_requests(it, NOW, 100), "ix_gate_requests_due_at"),
    "due issues": (lambda it: issues.rows.due(it, NOW, 50), "ix_incident_issues_due_at"),
    "due checks": (lambda it: checks.rows.due(it, NOW, 50), "ix_incident_checks_due_at"),
    "due alerts": (lambda it: alerts.rows.due(it, NOW, 50), "ix_alerts_due_at"),
    "due replies": (lambda it: replies.rows.due(it, NOW, 50), "ix_replies_due_at"),
    "due artifacts": (lambda it: artifacts.rows.due(it, NOW, 50), "ix_run_artifacts_due_at"),
    "due authors": (
        lambda it: policy_authors.rows.due(it, NOW, 50),
        "ix_policy_authors_due_at",
    ),
    "issue on its way": (lambda it: is_opening(it, REPOSITORY), "ix_incident_issues_repository"),
    "due commands": (lambda it: commands.rows.due(it, NOW, 50), "ix_commands_due_at"),
    "due deliveries": (lambda it: deliveries.rows.due(it, NOW, 100), "ix_deliveries_due_at"),
    "to sweep": (
        lambda it: look_candidates(it, before(hours=1), 100),
        "ix_gate_requests_undecided",
    ),
    "fleet": (lambda it: read_fleet(it, NOW), "ix_gate_requests_due_at"),
    "leases of a node": (
        lambda it: it.execute(RELEASES["requests"], {"node": NODE, "arrived": NOW}).close(),
        "ix_gate_requests_due_at",
    ),
    "oldest unread": (oldest_unread, "ix_deliveries_due_at"),
    "undecided": (lambda it: undecided_requests(it, REPOSITORY), "ix_gate_requests_undecided"),
    "standing": (count_undecided, "ix_gate_requests_undecided"),
    "wake repository": (
        lambda it: wake_repository(Transaction(it), REPOSITORY, NOW),
        "ix_gate_requests_undecided",
    ),
    "wake installation": (
        lambda it: wake_installation(Transaction(it), InstallationId(77), NOW),
        "ix_gate_requests_undecided",
    ),
    "by key": (lambda it: find_request(it, make_key()), "gate_requests_repository_id_run_id"),
    "runs": (
        lambda it: candidate_runs(it, REPOSITORY, VALIDATION, branch=BRANCH, events=("push",)),
        "ix_runs_repository_id_path_started_at",
    ),
    "last changes": (
        lambda it: last_changes(it, REPOSITORY, TERRAFORM, branch=BRANCH, now=NOW),
        "ix_runs_repository_id_path_started_at",
    ),
    "newer runs": (lambda it: newer_runs(it, make_run()), "ix_runs_repository_id_path_started_at"),
    "kept reports": (lambda it: read_kept_reports(it, asked_id()), "decision_reports"),
    "reports": (
        lambda it: read_reports(it, REPOSITORY, [RunId(501), RunId(502)]),
        "validation_reports",
    ),
    "ledger": (lambda it: read_ledger(it, asked_id()), "ix_effects_request_id"),
    "open incidents": (read_open_incidents, "ix_incidents_"),
    "outbox": (read_outbox, "ix_alerts_due_at"),
    "recent alerts": (lambda it: read_recent_alerts(it, NOW), "ix_alerts_planned_at"),
    "releases": (
        lambda it: read_releases(it, DAY, ALL),
        "ix_audit_entries_releases",
    ),
    # Which one PostgreSQL takes depends on how much there is.
    "holds": (lambda it: read_holds(it, DAY, ALL), "ix_gate_requests_"),
    "attempts": (
        lambda it: count_attempts(it, DAY, {(VALIDATION, BRANCH): [REPOSITORY]}),
        "ix_runs_conclusions",
    ),
    "stories": (lambda it: read_stories(it, DAY, ALL), "ix_incidents_opened_at"),
    "troubled flows": (
        lambda it: read_flows(it, DAY, ALL, None),
        "ix_validation_reports_trouble",
    ),
    "session": (lambda it: find_session(it, "secret", NOW), "ix_sessions_secret_hash"),
    "sessions of a person": (lambda it: sessions_of(it, 7, NOW), "ix_sessions_account_id"),
    "sign-in": (lambda it: take_sign_in(Transaction(it), "state", "browser", NOW), "sign_ins"),
    "history of a repository": (
        lambda it: history(it, repository_id=REPOSITORY),
        "ix_gate_requests_repository_history",
    ),
    "history of an environment": (
        lambda it: history(it, environment="staging"),
        "ix_gate_requests_environment_history",
    ),
    "history of a reason": (
        lambda it: history(it, reason="gave_up"),
        "ix_gate_requests_reason_history",
    ),
    "history of a verdict": (
        lambda it: history(it, verdict="reject"),
        "ix_gate_requests_verdict_history",
    ),
    "history of a state": (
        lambda it: history(it, state="lapsed"),
        "ix_gate_requests_state_history",
    ),
    "spellings of a login": (lambda it: spellings_of(it, "Carol"), "ix_audit_entries_"),
    "deeds of a person": (lambda it: count_deeds(it, ["carol"], NOW), "ix_audit_entries_deeds"),
    "history of few deeds": (
        lambda it: it.execute(select(gate_requests.c.id).where(is_of_deeds(["carol"], NOW))),
        "ix_audit_entries_",
    ),
    "history of many deeds": (
        lambda it: it.execute(select(gate_requests.c.id).where(has_deed_of(["carol"]))),
        "ix_audit_entries_",
    ),
    "history of a time": (
        lambda it: history(it, since=before(hours=1), until=NOW),
        "ix_gate_requests_opened_at",
    ),
    "held": (lambda it: list_held(it, REPOSITORY, "staging", 20), "ix_gate_requests_"),
    "sent alerts": (
        lambda it: read_sent_alerts(it, IncidentId(1), 100),
        "ix_alerts_incident",
    ),
    "decisions": (lambda it: decisions_of(it, asked_id()), "ix_decisions_request_id"),
}
every_query = pytest.mark.parametrize(("query", "index"), QUERIES.values(), ids=QUERIES)


def asked_id() -> Any:
    """Return the number of some request."""
    return 1


@pytest.fixture(scope="module", params=DIALECTS)
def untouched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Provide a database of whose tables the planner knows nothing: it expects some rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('untouched')}/gate.db"
    else:
        url = new_postgresql(request.getfixturevalue("postgresql"), "untouched")
    database = Database(url)
    migrate(database)
    if request.param == "postgresql":
        # A migration that made an index told it that there are none.
        tables = ", ".join(metadata.tables)
        database.transact(lambda tx: tx.execute(text(f"TRUNCATE {tables}")).close())
    yield database
    database.close()


@every_query
def test_each_query_has_its_index(
    untouched: Database, query: Callable[[Snapshot], object], index: str
) -> None:
    """The queries of every pass and every tick are served by the index meant for them."""
    plan = plan_of(untouched, query)
    if index in metadata.tables and untouched.dialect == "sqlite":
        index = f"sqlite_autoindex_{index}_1"
    elif "sqlite_autoindex_gate_requests_1" in plan:
        index = "sqlite_autoindex_gate_requests_1"
    assert index in plan

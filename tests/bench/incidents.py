"""Measure how soon people hear of a failure, and what open incidents cost."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import SecretStr

from gate.bootstrap.service import Service, create_service
from gate.demo.mailbox import open_mailbox
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId, RunId
from gate.domain.model.runs import Account
from gate.reconciler.incidents.check import check_incidents
from gate.settings import Settings
from gate.store.engine.database import Transaction
from gate.store.github import policies, repositories, runs
from gate.store.github.policies import PolicyDocument
from gate.store.github.stored_policies import organization_source, repository_source
from gate.store.incidents import checks
from gate.store.incidents.checks import mark_check
from tests.bench.decisions import furnish
from tests.bench.services import SECRET, rig, wait_for
from tests.support.builders.runs import make_run
from tests.support.keys import make_key_pair

_BEGINNING: Final = datetime(2026, 3, 2, tzinfo=UTC)
_OWNER: Final = Account(AccountId(5), "octo-org")


def alerted_in(count: int) -> list[float]:
    """Let `count` validations fail, one after the other; give the ms from webhook to channel."""
    took = []
    with (
        open_mailbox(SECRET) as mailbox,
        rig(["deployment_protection_rule", "workflow_run"], alerts_to=mailbox.url) as here,
    ):
        for number, name in enumerate(furnish(here, count, "success"), 1):
            here.github.advance(1)
            run_id = here.github.start_run(name, "production-validation.yml")
            here.github.progress_run(run_id)
            here.github.wait_until_delivered()
            started = time.perf_counter()
            here.github.complete_run(run_id, "failure")
            wait_for(lambda: len(mailbox.alerts) >= number, "an alert", every=0.002)  # noqa: B023
            took.append((time.perf_counter() - started) * 1000)
    return took


def looked_after_in(count: int) -> float:
    """Open `count` incidents, let a reminder be due for each, and give the seconds of all looks."""
    now = _BEGINNING
    with TemporaryDirectory(prefix="gate-incidents-") as folder:
        settings = Settings(
            github_app_id="1",
            github_private_key=SecretStr(make_key_pair()[0]),
            github_webhook_secret=(SecretStr(SECRET),),
            github_api_url="http://127.0.0.1:9",
            database_url=SecretStr(f"sqlite:///{Path(folder) / 'gate.db'}"),
        )
        service = create_service(settings, clock=lambda: now)
        service.database.transact(lambda tx: _break(tx, count, now))
        _look_at_all(service, count)
        now += timedelta(hours=5)
        started = time.perf_counter()
        _look_at_all(service, count)
        seconds = time.perf_counter() - started
        service.close()
    return seconds


def _break(tx: Transaction, count: int, now: datetime) -> None:
    """Record `count` repositories whose newest validation failed."""
    for number in range(1, count + 1):
        repository_id = RepositoryId(number)
        name = f"octo-org/frontend-{number}"
        seen = Repository(repository_id, InstallationId(1), name, _OWNER, "main")
        repositories.record_repository(tx, seen)
        for source in (repository_source(repository_id), organization_source(_OWNER.id)):
            document = PolicyDocument(source, InstallationId(1), None, None, read_at=now)
            policies.record_document(tx, document)
        failed = make_run(repository_id=repository_id, head_repository_id=repository_id)
        failed = replace(failed, run_id=RunId(number), conclusion="failure", started_at=now)
        runs.record_run(tx, failed, now)
        mark_check(tx, repository_id, now)


def _look_at_all(service: Service, count: int) -> None:
    """Make the looks that are due, as the worker does."""
    deps = service.deps
    due = deps.database.read(lambda snapshot: checks.rows.due(snapshot, deps.clock(), count))
    if len(due) != count:
        raise ValueError(f"{len(due)} of {count} looks are due")
    for repository_id in due:
        check_incidents(repository_id, deps)

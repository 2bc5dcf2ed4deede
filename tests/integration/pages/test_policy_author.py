"""The page of a policy tells who changed it, and no verdict waits for that."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Final

import pytest
import requests
from sqlalchemy import text

from gate.domain.model.hints import Work
from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault
from tests.integration.evidence.missed_reads import (
    LAX,
    MISNAMED,
    POLICY,
    STRICT,
    floor,
    installation,
    policy_trail,
)
from tests.support.harness import REPOSITORY, Gate

COMMITS: Final = f"/repos/{REPOSITORY}/commits$"
OTHER: Final = "octo-org/backend"


def page(gate: Gate, repository: str = REPOSITORY) -> str:
    """Open the page of a policy."""
    answered = requests.get(f"{gate.url}/repositories/{repository}", timeout=10)
    assert answered.status_code == 200
    return answered.text


def seen(gate: Gate, repository: str = REPOSITORY) -> str:
    """Return what a person reads on it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page(gate, repository))).split())


def asked(gate: Gate) -> int:
    """Count how often GitHub was asked for commits."""
    return sum(it.path.endswith("/commits") for it in gate.github.requests())


def sources(gate: Gate) -> list[str]:
    """List the documents whose changes have an author."""
    query = text("SELECT source FROM policy_authors ORDER BY source")
    return gate.service.database.read(lambda it: list(it.scalars(query)))


def released(gate: Gate) -> bool:
    """Bring a deployment, and tell whether it was let go on."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return gate.record(run_id).state == RequestState.APPROVED


def test_who_changed_a_policy_is_told_with_the_commit(gate: Gate) -> None:
    """For one call a change: nothing else asks, and neither does a place without a policy."""
    gate.validate(REPOSITORY, "success")
    assert released(gate)
    assert asked(gate) == 0
    gate.github.put_file(REPOSITORY, POLICY, LAX, author="alice")
    gate.settle()
    gate.advance(minutes=5)
    sha = gate.github.put_file(REPOSITORY, POLICY, STRICT, author="bob")
    at = gate.github.world.now()
    gate.settle()
    assert asked(gate) == 2
    shown = seen(gate)
    assert f"by bob in {sha[:7]} , committed {at:%Y-%m-%d %H:%M} UTC" in shown
    assert "by alice in" in shown
    assert shown.index("by bob") < shown.index("by alice")
    assert f'href="{gate.github.world.web_url}/{REPOSITORY}/commit/{sha}"' in page(gate)
    gate.github.put_file(REPOSITORY, "README.md", "other", author="mallory")
    gate.settle()
    assert released(gate)
    assert asked(gate) == 2
    assert "mallory" not in seen(gate)


def test_a_file_at_the_wrong_path_has_no_author(gate: Gate) -> None:
    """No page shows its changes, so nobody is asked who made them."""
    gate.github.put_file(REPOSITORY, MISNAMED, LAX, author="bob")
    gate.settle()
    gate.github.delete_file(REPOSITORY, MISNAMED)
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.advance(minutes=1)
    assert policy_trail(gate).count("policy.removed") == 1
    assert sources(gate) == []


def test_who_removed_a_policy_is_told(gate: Gate) -> None:
    """Its absence is believed at the second look, which a deployment asks for."""
    gate.github.put_file(REPOSITORY, POLICY, LAX, author="alice")
    gate.settle()
    sha = gate.github.delete_file(REPOSITORY, POLICY, author="carol")
    gate.settle()
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.advance(minutes=1)
    assert "No file" in seen(gate)
    assert f"by carol in {sha[:7]}" in seen(gate)


def test_a_name_that_is_no_accounts_is_not_verified(gate: Gate) -> None:
    """It is text that anybody may have written."""
    name = "<b>bob</b>\N{RIGHT-TO-LEFT OVERRIDE}\x07"
    gate.github.put_file(REPOSITORY, POLICY, LAX, git_name=name)
    gate.settle()
    assert "by <bdi>&lt;b&gt;bob&lt;/b&gt;</bdi> (not verified" in page(gate)


@pytest.mark.parametrize("status", [403, 404, 429, 502])
def test_no_verdict_waits_for_a_name(gate: Gate, status: int) -> None:
    """Where GitHub does not say, the page says so, after a bounded number of tries."""
    gate.github.add_fault(Fault(COMMITS, status=status))
    gate.validate(REPOSITORY, "success")
    gate.github.put_file(REPOSITORY, POLICY, LAX, author="bob")
    assert released(gate)
    for _ in range(20):
        gate.advance(hours=1)
    shown = seen(gate)
    assert "by: unknown, GitHub did not say" in shown
    assert "by bob" not in shown
    tries = asked(gate)
    assert tries == (1 if status in {403, 404} else 10)
    gate.advance(hours=9)
    assert asked(gate) == tries


def test_a_name_is_told_once_github_answers_again(gate: Gate) -> None:
    """Until then the page says that it is asked for."""
    gate.github.add_fault(Fault(COMMITS, status=502, times=3))
    gate.github.put_file(REPOSITORY, POLICY, LAX, author="bob")
    gate.settle()
    assert "by: not known yet, the gate asks GitHub" in seen(gate)
    for _ in range(3):
        gate.advance(minutes=1)
    assert "by bob in" in seen(gate)
    assert asked(gate) == 4


def test_a_commit_that_came_later_is_nobodys_change_before(gate: Gate) -> None:
    """The newest commit may be that of a change that the gate has not read yet."""
    gate.github.put_file(REPOSITORY, POLICY, LAX, author="alice")
    gate.github.add_fault(Fault(COMMITS, status=502, times=1))
    gate.settle()
    gate.github.put_file(REPOSITORY, POLICY, STRICT, author="bob")
    gate.github.wait_until_delivered()
    # The push is read, and the policy not yet.
    gate.github.advance(2)
    gate.ingest_deliveries()
    gate.service.worker.do(Work.AUTHORS)
    assert "by bob" not in seen(gate)
    gate.advance(minutes=1)
    shown = seen(gate)
    assert shown.index("by bob in") < shown.index("by: unknown")
    assert "alice" not in shown


def test_a_listing_that_lags_behind_names_nobody(gate: Gate) -> None:
    """A commit that is on record for another change is asked for again."""
    sha = gate.github.put_file(REPOSITORY, POLICY, LAX, author="alice")
    gate.settle()
    alice = {"id": gate.github.world.account("alice").id, "login": "alice"}
    stale = [{"sha": sha, "html_url": "", "commit": {}, "author": alice}]
    gate.github.add_fault(Fault(COMMITS, body=json.dumps(stale), times=1))
    gate.github.put_file(REPOSITORY, POLICY, STRICT, author="bob")
    gate.settle()
    assert seen(gate).count("by alice") == 1
    gate.advance(minutes=1)
    shown = seen(gate)
    assert shown.index("by bob") < shown.index("by alice")


def test_the_organizations_author_is_told(gate: Gate) -> None:
    """Beside its document, once for all repositories of the owner."""
    gate.github.create_repository(OTHER, installation(gate))
    floor(gate, LAX)
    gate.github.put_file("octo-org/.github", POLICY, STRICT, author="bob")
    gate.validate(REPOSITORY, "success")
    released(gate)
    # As the owner's policy and as the own one of `.github`: two changes are on record.
    assert [it.partition(":")[0] for it in sources(gate)] == ["organization", "repository"]
    assert asked(gate) == 2
    assert "by bob in" in seen(gate)

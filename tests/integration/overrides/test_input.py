"""What people write into an override, by each way in: refused or made harmless, and kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import pytest

from gate.domain.model.request import RequestState
from gate.domain.overrides.rationale import LARGEST_RATIONALE, cap_rationale
from gate.domain.text.fold import fold
from tests.integration.overrides.override_steps import (
    OVERRIDE_ENVIRONMENT,
    WHY,
    approve_override_run,
    mirrors,
    released,
)
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate
from tests.support.markdown import acting, invisible

_REASON: Final = "checkout is down and this build fixes it"
_TOO_LONG: Final = f"{WHY} " + "x" * 2 * LARGEST_RATIONALE
_INVISIBLE: Final = ("\u202e", "\u2066", "\x1b")
_HOSTILE: Final = (
    f"{WHY} @everyone @octo-org/owners <!channel> ![x](//evil.test) \u202e\u2066 \x1b[2J"
)

_UNSEEN: Final = "\u200b\u2060\ufeff\u202e" * 9
_REFUSED: Final = {
    "I accept the risk: go": "rationale_short",
    f"I accept the risk {_UNSEEN}": "rationale_short",
    _REASON: "not_acknowledged",
    f"{_REASON} I \u0430ccept the risk": "not_acknowledged",
    f"> {WHY}\n{_REASON}": "not_acknowledged",
    _TOO_LONG: "rationale_too_long",
}
"""What does not count, and what is wrong with it; one `a` is Cyrillic."""

Way = Callable[[Gate, int, str], None]


def by_review(gate: Gate, run_id: int, said: str) -> None:
    """Approve the gated environment."""
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", said)
    gate.settle()


def by_override_run(gate: Gate, run_id: int, said: str) -> None:
    """Approve the environment of an override workflow's run."""
    approve_override_run(gate, run_id, said)


def by_comment(gate: Gate, run_id: int, said: str) -> None:
    """Write a comment on an issue."""
    number = gate.github.open_issue(REPOSITORY, "red")
    gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override {run_id} {said}")
    gate.settle()


@pytest.fixture(params=[by_review, by_override_run, by_comment])
def way(request: pytest.FixtureRequest) -> Way:
    """Provide each way in."""
    found: Way = request.param
    return found


def hold_one(gate: Gate) -> int:
    """Hold one more deployment, that carol may release."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.advance(60)
    return run_id


@pytest.fixture
def red(gate: Gate) -> Gate:
    """Provide a gate whose validation is red."""
    for name, rule in ((ENVIRONMENT, True), (OVERRIDE_ENVIRONMENT, False)):
        gate.github.protect_environment(REPOSITORY, name, reviewers=["carol"], custom_rule=rule)
    gate.validate(REPOSITORY, "failure")
    gate.github.advance(60)
    return gate


def kept(gate: Gate, run_id: int, kind: str) -> list[object]:
    """List what the trail kept of the words of a run's overrides."""
    return [it.detail["rationale"] for it in gate.trail(run_id) if it.kind == kind]


def test_what_does_not_count_is_refused_and_kept(red: Gate, way: Way) -> None:
    """Each fault by each way in; the deployment stays held, and the record has what was said."""
    for said, fault in _REFUSED.items():
        if way is by_review and not fold(said):
            continue  # an ordinary approval
        run_id = hold_one(red)
        way(red, run_id, said)
        assert red.record(run_id).state == RequestState.WAITING
        assert red.answers(run_id) == []
        (refused,) = [it for it in red.trail(run_id) if it.kind == "override.refused"]
        codes = [it["code"] for it in refused.detail["refusals"]]  # type: ignore[attr-defined]
        assert fault in codes
        assert kept(red, run_id, "override.requested") == [cap_rationale(said)]
        assert refused.detail["rationale"] == cap_rationale(said)


def test_hostile_words_are_harmless_wherever_they_are_shown(red: Gate, way: Way) -> None:
    """In the answer, and in the history, which is plain text; the record has every character."""
    run_id = hold_one(red)
    way(red, run_id, _HOSTILE)
    assert released(red, run_id)
    assert kept(red, run_id, "override.recorded") == [_HOSTILE]
    if red.github.run_view(run_id).status == "waiting":
        red.github.review_as("carol", run_id, ENVIRONMENT, "approved", "")
    red.github.finish_job(run_id)
    red.settle()
    (deployment_id,) = red.record(run_id).deployment_ids
    (answer,), (status,) = red.answers(run_id), mirrors(red, deployment_id)
    assert acting(answer.comment or "") == invisible(answer.comment or "") == []
    assert [it for it in _INVISIBLE if it in status.description] == []


def test_a_null_byte_is_kept_as_what_stands_for_it(red: Gate, way: Way) -> None:
    """PostgreSQL stores none."""
    run_id = hold_one(red)
    way(red, run_id, f"{WHY} \x00 it is")
    assert released(red, run_id)
    assert kept(red, run_id, "override.recorded") == [f"{WHY} \ufffd it is"]


def tables(gate: Gate) -> list[tuple[object, ...]]:
    """Return what is stored of requests, claims and decisions."""
    path = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    rows = [
        row
        for query in (
            "SELECT id, state, generation FROM gate_requests ORDER BY id",
            "SELECT * FROM override_claims ORDER BY claim_key",
            "SELECT id, request_id, decision FROM decisions ORDER BY id",
        )
        for row in connection.execute(query)
    ]
    connection.close()
    return rows


@pytest.mark.parametrize(
    "named",
    [
        "999999999",
        "https://github.test/octo-org/backend/actions/runs/{run}",
        "https://evil.test/octo-org/frontend/actions/runs/{run}",
        "{other}",
        "{run}/attempts/2",
        "{run} {other}",
    ],
)
def test_what_is_not_held_here_changes_nothing(red: Gate, named: str) -> None:
    """A run of nobody, of another repository, of another installation, and two at once."""
    installation = red.github.create_installation("acme")
    red.github.create_repository("acme/shop", installation)
    red.github.protect_environment("acme/shop", ENVIRONMENT)
    red.github.validate("acme/shop", "failure")
    other = red.github.deploy("acme/shop").run_id
    run_id = hold_one(red)
    before = tables(red)
    own = red.github.start_run(
        REPOSITORY,
        "override-production-frontend.yml",
        event="workflow_dispatch",
        title=f"Override of run {named.format(run=run_id, other=other)}",
    )
    red.github.progress_run(own)
    red.github.reach_environment(own, OVERRIDE_ENVIRONMENT, "override")
    red.github.review_as("carol", own, OVERRIDE_ENVIRONMENT, "approved", WHY)
    red.settle()
    assert tables(red) == before
    (refused,) = [it for it in red.trail(own) if it.kind == "override.refused"]
    assert refused.detail["rationale"] == WHY

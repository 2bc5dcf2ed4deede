"""Whatever goes wrong on the way to GitHub and back ends as the error that says what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from gate.domain.model.ids import RunId
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.simulator.faults import Fault
from tests.support.github_stage import ENVIRONMENT, Stage, failure, read, staged, write
from tests.support.keys import make_key_pair

REVIEWS = "deployment_protection_rule$"
RUNS = "/actions/runs/[0-9]+$"


DAMAGES = [
    {"damage": "close"},
    {"damage": "html"},
    {"status": 500},
    {"status": 502, "body": "<html>Unicorn!</html>"},
    {"status": 503, "headers": {"Retry-After": "5"}},
    {"status": 202, "body": "{}"},
    {"status": 307, "body": "{}"},
    {"status": 304, "body": ""},
    {"status": 300, "body": "{}"},
]


@pytest.mark.parametrize(
    "damage",
    [
        *DAMAGES,
        {"damage": "truncate"},
        {"status": 200, "body": "[" * 100_000},
        {"status": 200, "body": '{"id": "text"}'},
        {"status": 200, "body": ""},
        {"status": 204, "body": ""},
    ],
    ids=str,
)
def test_a_broken_reading_is_tried_again(stage: Stage, damage: dict[str, object]) -> None:
    """Nothing that GitHub does not say is taken for an answer."""
    fault = Fault(RUNS, method="GET", **damage)  # type: ignore[arg-type]  # a table of keywords
    error, _ = failure(stage, fault, read)
    assert isinstance(error, RetryLater)
    assert error.reason == "github_unavailable"


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize(
    "damage",
    [
        {"damage": "close"},
        {"damage": "html"},
        {"status": 500},
        {"status": 502, "body": "<html>Unicorn!</html>"},
        {"status": 504},
        {"status": 200, "body": "{}"},
        {"status": 202, "body": "{}"},
        {"status": 304, "body": ""},
        {"status": 300, "body": "{}"},
    ],
    ids=str,
)
def test_a_broken_write_leaves_its_outcome_open(
    stage: Stage, damage: dict[str, object], *, applied: bool
) -> None:
    """Whether the answer was lost after its effect or with it cannot be told from here."""
    fault = Fault(REVIEWS, method="POST", apply=applied, **damage)  # type: ignore[arg-type]  # a table of keywords
    error, run_id = failure(stage, fault, write)
    assert isinstance(error, OutcomeUnknown)
    pending = stage.client.actions.read_pending_environments(stage.address, run_id)
    assert pending == ({} if applied else {ENVIRONMENT: ENVIRONMENT})
    assert stage.github.totals().decisions == int(applied)


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    """A write that was sent may be applied after we stopped waiting; a read is tried again."""
    with staged(timeout=1) as stage:
        error, _ = failure(stage, Fault(REVIEWS, method="POST", delay_after=30), write)
        assert isinstance(error, OutcomeUnknown)
        error, _ = failure(stage, Fault(RUNS, method="GET", delay_before=30), read)
        assert isinstance(error, RetryLater)


@pytest.mark.parametrize("call", [read, write])
def test_a_github_that_cannot_be_reached_got_nothing(
    stage: Stage, call: Callable[[Stage, RunId], object]
) -> None:
    """Without a connection even a write is certain not to have been applied."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    credentials = AppCredentials("1", make_key_pair()[0], stage.github.world.clock)
    nowhere = GitHubClients.connect(
        f"http://127.0.0.1:{port}", credentials, stage.github.world.clock
    )
    nowhere.session._tokens = stage.client.session._tokens
    stage.client.contents.read_repository(stage.address)
    unreachable = Stage(stage.github, "", nowhere, stage.app_id, stage.address)
    with pytest.raises(RetryLater) as caught:
        call(unreachable, stage.deploy())
    assert caught.value.reason == "github_unavailable"


@pytest.mark.parametrize("status", [500, 502])
def test_a_token_that_was_minted_and_lost_does_no_harm(stage: Stage, status: int) -> None:
    """Minting writes, but a second token is no second answer: try again."""
    run_id = stage.deploy()
    stage.github.add_fault(Fault("access_tokens$", status=status, apply=True, times=1))
    with pytest.raises(RetryLater):
        write(stage, run_id)
    write(stage, run_id)
    assert stage.github.totals().decisions == 1


@pytest.mark.parametrize("damage", ["html", "truncate"])
def test_a_token_that_makes_no_sense_is_asked_for_again(stage: Stage, damage: str) -> None:
    """What is no token is not sent anywhere."""
    fault = Fault("access_tokens$", damage=damage, times=1)  # type: ignore[arg-type]  # a literal
    stage.github.add_fault(fault)
    with pytest.raises(RetryLater):
        stage.client.contents.read_repository(stage.address)
    assert stage.client.contents.read_repository(stage.address) is not None


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize(("retry_after", "seconds"), [(7, 7), (None, 60)])
def test_a_secondary_limit_is_kept_to(
    stage: Stage,
    call: Callable[[Stage, RunId], object],
    retry_after: int | None,
    seconds: int,
) -> None:
    """GitHub is left alone for as long as it says, and nobody even asks meanwhile."""
    run_id = stage.deploy()
    stage.client.contents.read_repository(stage.address)
    stage.github.limit_secondary(retry_after=retry_after, path="/actions/runs/")
    with pytest.raises(RetryLater) as caught:
        call(stage, run_id)
    assert caught.value.reason == "rate_limited"
    assert caught.value.after == timedelta(seconds=seconds)
    asked = stage.calls()
    with pytest.raises(RetryLater) as again:
        call(stage, run_id)
    assert again.value.after is not None
    assert timedelta(0) < again.value.after <= timedelta(seconds=seconds)
    assert stage.calls() == asked
    stage.advance(seconds=seconds)
    call(stage, run_id)
    assert stage.calls() == asked + 1


def test_a_spent_quota_is_waited_for(stage: Stage) -> None:
    """The last call of the hour succeeds; the next one is not made until the hour is over."""
    stage.client.contents.read_repository(stage.address)
    stage.github.set_rate_limit(2, stage.address.installation_id)
    for _ in range(2):
        assert stage.client.contents.read_repository(stage.address) is not None
    assert stage.client.app.quota_left[stage.address.installation_id] == 0
    asked = stage.calls()
    with pytest.raises(RetryLater) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "rate_limited"
    assert caught.value.after is not None
    assert timedelta(minutes=55) < caught.value.after <= timedelta(hours=1)
    assert stage.calls() == asked
    stage.advance(hours=1, seconds=1)
    assert stage.client.contents.read_repository(stage.address) is not None


def test_a_quota_that_others_spent_is_learned(stage: Stage) -> None:
    """Another process may use the quota up; GitHub's 403 then says until when."""
    stage.client.contents.read_repository(stage.address)
    stage.github.set_rate_limit(0, stage.address.installation_id)
    with pytest.raises(RetryLater) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "rate_limited"
    assert caught.value.after is not None
    assert caught.value.after > timedelta(minutes=55)


def test_one_installations_limit_is_not_anothers(stage: Stage) -> None:
    """A busy customer does not hold up the others, nor the App itself."""
    stage.client.contents.read_repository(stage.address)
    stage.github.set_rate_limit(1, stage.address.installation_id)
    stage.client.contents.read_repository(stage.address)
    with pytest.raises(RetryLater):
        stage.client.contents.read_repository(stage.address)
    assert stage.client.app.read_app().id == stage.app_id


@pytest.mark.parametrize(
    ("call", "kind"), [(read, Refused), (write, OutcomeUnknown)], ids=["read", "write"]
)
def test_a_body_without_end_is_not_kept(
    stage: Stage, call: Callable[[Stage, RunId], object], kind: type[GateError]
) -> None:
    """More than 32 MiB is not read into memory, and the next call works all the same."""
    body = '"' + "x" * (32 * 1024 * 1024) + '"'
    error, run_id = failure(stage, Fault("/runs/", status=200, body=body, times=1), call)
    assert isinstance(error, kind)
    assert stage.client.actions.read_run(stage.address, run_id) is not None

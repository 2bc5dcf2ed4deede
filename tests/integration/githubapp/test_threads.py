"""Many threads share one client: tokens, not connections, and nobody gets another's answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from gate.domain.model.ids import RunId
from gate.domain.model.request import ReviewState
from gate.errors import RetryLater
from gate.simulator.faults import Fault
from tests.support.github_stage import ENVIRONMENT, MINT, REPOSITORY, REVIEW, Stage

T = TypeVar("T")
THREADS = 16


def together(ask: Callable[[int], T]) -> list[T]:
    """Let sixteen threads ask at the same moment."""
    begin = Barrier(THREADS)

    def wait_and_ask(number: int) -> T:
        begin.wait(10)
        return ask(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(wait_and_ask, range(THREADS)))


def test_sixteen_threads_mint_one_token(stage: Stage) -> None:
    """Whoever comes while a token is minted waits for that one."""
    stage.github.add_fault(Fault("access_tokens$", delay_before=0.2))
    found = together(lambda _: stage.client.contents.read_repository(stage.address))
    assert len(set(found)) == 1
    assert stage.calls(MINT) == 1
    assert stage.calls() == THREADS + 1


def test_everybody_gets_his_own_answer(stage: Stage) -> None:
    """Thousands of calls over sixteen threads are never mixed up."""
    run_ids = [RunId(stage.github.start_run(REPOSITORY, f"w{it}.yml")) for it in range(THREADS)]
    mixed_up = []

    def ask(number: int) -> None:
        for step in range(50):
            wanted = run_ids[(number + step) % THREADS]
            run = stage.client.actions.read_run(stage.address, wanted)
            if run is None or run.run_id != wanted:
                mixed_up.append((wanted, run))

    together(ask)
    assert mixed_up == []
    assert stage.calls(MINT) == 1


def test_everybody_answers_his_own_run(stage: Stage) -> None:
    """Answers given at the same time end up at the runs they are for."""
    run_ids = [it.run_id for it in stage.github.deploy_many(REPOSITORY, THREADS)]

    def answer(number: int) -> None:
        run_id = RunId(run_ids[number])
        stage.client.deployments.send_review(
            stage.address,
            run_id,
            ENVIRONMENT,
            ReviewState.APPROVED,
            f"for {run_id}",
            is_timely=lambda: True,
        )

    together(answer)
    answered = {(it.run_id, it.comment, it.status) for it in stage.github.reviews()}
    assert answered == {(run_id, f"for {run_id}", 204) for run_id in run_ids}


def test_a_token_is_renewed_before_it_expires(stage: Stage) -> None:
    """GitHub never sees a token that has expired."""
    for _ in range(5):
        together(lambda _: stage.client.contents.read_repository(stage.address))
        stage.advance(minutes=27)
    # One at the beginning, which after 54 minutes still serves, and one after 81.
    assert stage.calls(MINT) == 2
    assert stage.calls(status=401) == 0


def test_a_revoked_token_is_replaced_once(stage: Stage) -> None:
    """When GitHub accepts a token no more, one new one serves all sixteen threads."""
    together(lambda _: stage.client.contents.read_repository(stage.address))
    stage.github.tokens.revoke(stage.address.installation_id)
    found = together(lambda _: stage.client.contents.read_repository(stage.address))
    assert None not in found
    assert 1 <= stage.calls(status=401) <= THREADS
    assert stage.calls(MINT) == 2


def test_a_write_is_repeated_with_a_new_token(stage: Stage) -> None:
    """A call whose token was not accepted was not made: the answer is given once."""
    run_id = stage.deploy()
    stage.client.actions.read_run(stage.address, run_id)
    stage.github.tokens.revoke(stage.address.installation_id)
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    assert [it.status for it in stage.github.reviews(run_id)] == [204]
    assert stage.calls(REVIEW, status=401) == 1


def test_a_new_token_that_is_not_accepted_yet_is_waited_for(stage: Stage) -> None:
    """Two refusals in a row do not say that we may not: tokens take a moment to be known."""
    fault = Fault("^/repos/", status=401, body='{"message": "Bad credentials"}')
    number = stage.github.add_fault(fault)
    with pytest.raises(RetryLater) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "github_unavailable"
    assert stage.calls(status=401) == 2
    stage.github.clear_faults(number)
    assert stage.client.contents.read_repository(stage.address) is not None


def test_a_jwt_that_is_not_accepted_is_no_refusal_of_a_call(stage: Stage) -> None:
    """When the App cannot prove itself just now, no run and no answer is given up for it."""
    stage.github.add_fault(Fault("access_tokens$", status=401, times=1))
    with pytest.raises(RetryLater):
        stage.client.contents.read_repository(stage.address)
    assert stage.client.contents.read_repository(stage.address) is not None


def test_connections_are_kept_and_can_be_closed(stage: Stage) -> None:
    """A thread's calls share a connection; after closing, the next call connects again."""
    for _ in range(5):
        stage.client.contents.read_repository(stage.address)
    stage.client.close()
    stage.client.close()
    assert stage.client.contents.read_repository(stage.address) is not None


def test_no_token_is_logged_even_at_debug_level(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """PyGithub would write bodies, and those of tokens are secrets."""
    caplog.set_level(logging.DEBUG)
    run_id = stage.deploy()
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    logging.getLogger("github.Requester").setLevel(logging.DEBUG)
    try:
        stage.advance(hours=2)
        stage.client.contents.read_repository(stage.address)
    finally:
        logging.getLogger("github.Requester").setLevel(logging.WARNING)
    assert stage.calls(MINT) == 2
    for it in stage.github.tokens._issued:
        assert it not in caplog.text
    assert "eyJ" not in caplog.text

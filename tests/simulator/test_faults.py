"""Faults of the REST API, on demand: replaced, delayed, lost and damaged answers."""

import json
import threading
import time
from datetime import timedelta

import pytest
import urllib3

from gate.simulator.faults import Fault
from tests.simulator.conftest import REPOSITORY, Story
from tests.support.webhook_receiver import wait_for

META = "/meta"


def test_an_answer_can_be_replaced(story: Story) -> None:
    """Status, headers and body are the fault's; after `times` requests it is over."""
    fault = Fault("^/meta$", times=2, status=503, headers={"Retry-After": "7"}, body="{}")
    story.github.add_fault(fault)
    for _ in range(2):
        answer = story.call("GET", META)
        assert (answer.status, answer.headers["retry-after"], answer.body) == (503, "7", b"{}")
    assert story.call("GET", META).status == 200


def test_a_fault_befalls_what_matches_alone(story: Story) -> None:
    """Method and path have to match."""
    story.github.add_fault(Fault("/meta", method="POST", status=500))
    story.github.add_fault(Fault("/metal", status=500))
    assert story.call("GET", META).status == 200


def test_a_fault_can_begin_later(story: Story) -> None:
    """Any call of a sequence can be the one that fails; another fault may have the ones before."""
    story.github.add_fault(Fault("/meta", status=500, after=2, times=1))
    story.github.add_fault(Fault("/meta", status=502, times=1))
    assert [story.call("GET", META).status for _ in range(5)] == [502, 200, 500, 200, 200]


def test_a_fault_lasts_until_cleared(story: Story) -> None:
    """One fault can be cleared by its number, or all of them."""
    first = story.github.add_fault(Fault("/meta", status=500))
    story.github.add_fault(Fault("/meta", status=502))
    assert story.call("GET", META).status == 500
    story.github.clear_faults(first)
    assert story.call("GET", META).status == 502
    story.github.clear_faults()
    assert story.call("GET", META).status == 200


def test_a_fault_can_end_by_itself(story: Story) -> None:
    """A fault for some seconds ends by the wall clock."""
    story.github.add_fault(Fault("/meta", seconds=0.05, status=500))
    assert story.call("GET", META).status == 500
    wait_for(lambda: story.call("GET", META).status == 200)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("deployment_protection_rule", times=1, status=502, apply=True),
        Fault("deployment_protection_rule", times=1, damage="close", apply=True),
    ],
)
def test_the_effect_takes_place_and_the_answer_is_lost(story: Story, fault: Fault) -> None:
    """502 or a closed connection after applying: the run goes on, the caller cannot know."""
    run_id = story.github.deploy(REPOSITORY).run_id
    token = story.token()
    story.github.add_fault(fault)
    if fault.damage == "close":
        with pytest.raises(urllib3.exceptions.ProtocolError):
            story.review(run_id, "approved", token=token)
    else:
        assert story.review(run_id, "approved", token=token).status == 502
    assert story.github.run_view(run_id).status == "in_progress"
    (record,) = story.github.reviews(run_id)
    assert record.response_lost
    assert record.status == 204


@pytest.mark.parametrize("damage", ["close", "html"])
def test_without_applying_nothing_happens(story: Story, damage: str) -> None:
    """The connection is closed, or a web page answered, and the run still waits."""
    run_id = story.github.deploy(REPOSITORY).run_id
    token = story.token()
    fault = Fault("deployment_protection_rule", times=1, damage=damage)  # type: ignore[arg-type]  # a parameter is a str
    story.github.add_fault(fault)
    if damage == "close":
        with pytest.raises(urllib3.exceptions.ProtocolError):
            story.review(run_id, "approved", token=token)
    else:
        answer = story.review(run_id, "approved", token=token)
        assert (answer.status, answer.body[:9]) == (200, b"<!DOCTYPE")
    assert story.github.run_view(run_id).status == "waiting"
    assert story.github.reviews(run_id) == []
    assert story.github.requests()[-1].fault


def test_json_can_be_cut_short(story: Story) -> None:
    """Half of the JSON arrives, as a complete answer."""
    story.github.add_fault(Fault("/meta", times=1, damage="truncate"))
    answer = story.http.request("GET", story.url + META)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)


@pytest.mark.parametrize("field", ["delay_before", "delay_after"])
def test_a_delay_comes_before_or_after_the_effect(story: Story, field: str) -> None:
    """A caller that gives up early finds the effect not yet there, or there."""
    run_id = story.github.deploy(REPOSITORY).run_id
    token = story.token()
    story.github.add_fault(Fault("deployment_protection_rule", **{field: 0.4}))  # type: ignore[arg-type]  # by name
    impatient = urllib3.PoolManager(retries=False, timeout=0.1)
    url = f"{story.url}/repos/{REPOSITORY}/actions/runs/{run_id}/deployment_protection_rule"
    body = {"environment_name": "production-frontend", "state": "approved"}
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        impatient.request("POST", url, json=body, headers=headers)
    impatient.clear()
    status = story.github.run_view(run_id).status
    assert status == ("waiting" if field == "delay_before" else "in_progress")
    wait_for(lambda: story.github.run_view(run_id).status == "in_progress")
    (record,) = story.github.reviews(run_id)
    waited = record.received_at - record.arrived_at
    assert (waited >= timedelta(seconds=0.3)) == (field == "delay_before")


def test_the_secondary_limit_says_how_long_or_does_not(story: Story) -> None:
    """403 with `Retry-After`, or without it."""
    story.github.limit_secondary(30, path="/meta")
    story.github.limit_secondary(None, path="/meta")
    first, second = story.call("GET", META), story.call("GET", META)
    assert (first.status, first.headers["retry-after"]) == (403, "30")
    assert "secondary rate limit" in first.json["message"]
    assert second.status == 403
    assert "retry-after" not in second.headers
    assert story.call("GET", META).status == 200


def test_latency_delays_answers_but_not_one_another(story: Story) -> None:
    """Twenty answers of 0.2 s at once take nothing like four seconds."""
    story.github.set_latency(0.2)
    pool = urllib3.PoolManager(maxsize=20)
    began = time.monotonic()
    threads = [
        threading.Thread(target=pool.request, args=("GET", story.url + META)) for _ in range(20)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    pool.clear()
    assert 0.2 <= time.monotonic() - began < 2

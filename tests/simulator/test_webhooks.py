"""Delivering webhooks: signatures, the log, redelivery, order, and what can go wrong."""

import hashlib
import hmac
import threading

import pytest

from gate.simulator.errors import NotLoopback
from gate.simulator.faults import WebhookFault
from tests.simulator.conftest import REPOSITORY, SECRET, KeyPair, Story
from tests.support.webhook_receiver import Hook, listening, wait_for


def push(story: Story, count: int = 1) -> None:
    """Push some commits, `0` first."""
    for number in range(count):
        story.github.put_file(REPOSITORY, str(number), "text")
    assert story.github.wait_until_delivered()


def pushed(story: Story) -> list[str]:
    """List the files of the pushes in the order they came."""
    return [each["head_commit"]["added"][0] for each in story.hook.of("push")]


def test_the_body_is_signed(story: Story) -> None:
    """HMAC-SHA256 over the raw body, SHA-1 beside it, and the other headers GitHub sends."""
    push(story)
    (received,) = story.hook.received
    key = SECRET.encode()
    headers = received.headers
    sha256 = hmac.new(key, received.body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={sha256}"
    assert headers["x-hub-signature"] == f"sha1={hmac.digest(key, received.body, 'sha1').hex()}"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["x-github-hook-id"].isdigit()
    assert len(received.guid) == 36


def test_a_changed_secret_signs_what_follows(story: Story) -> None:
    """PATCH /app/hook/config changes the secret and never shows it."""
    answer = story.call("PATCH", "/app/hook/config", {"secret": "new"}, story.jwt())
    assert answer.json["secret"] == "********"
    push(story)
    (received,) = story.hook.received
    signature = hmac.digest(b"new", received.body, "sha256").hex()
    assert received.headers["x-hub-signature-256"] == f"sha256={signature}"


def test_the_log_keeps_request_and_response(story: Story) -> None:
    """The log is newest first, and each line can be opened."""
    push(story, 2)
    token = story.jwt()
    first, second = story.call("GET", "/app/hook/deliveries?per_page=2", token=token).json
    assert first["id"] > second["id"]
    assert (first["status"], first["status_code"], first["event"]) == ("OK", 202, "push")
    assert first["repository_id"] == story.repository_id
    opened = story.call("GET", f"/app/hook/deliveries/{first['id']}", token=token).json
    assert opened["request"]["headers"]["X-GitHub-Delivery"] == first["guid"]
    assert opened["request"]["payload"]["ref"] == "refs/heads/main"
    assert opened["response"]["payload"] == "ok"
    assert story.call("GET", "/app/hook/deliveries/1", token=token).status == 404


def test_the_log_is_read_by_cursor(story: Story) -> None:
    """Each page links to the next by a cursor, until the log is at its end."""
    push(story, 4)
    token = story.jwt()
    path, seen = "/app/hook/deliveries?per_page=3", []
    while path:
        page = story.call("GET", path, token=token)
        seen += [each["id"] for each in page.json]
        link = page.headers.get("link", "")
        path = link.partition("<")[2].partition(">")[0].removeprefix(story.url)
        assert not path or "cursor=" in path
    assert seen == [each.id for each in story.github.deliveries()]
    assert story.call("GET", "/app/hook/deliveries?cursor=x", token=token).status == 422


def test_a_failed_delivery_is_not_repeated_but_redelivered_on_request(story: Story) -> None:
    """The failure stays in the log; the redelivery has the same GUID and body, and a new id."""
    story.hook.status = 503
    push(story)
    token = story.jwt()
    (failed,) = story.call("GET", "/app/hook/deliveries?status=failure", token=token).json
    assert (failed["status_code"], len(story.hook.received)) == (503, 1)
    story.hook.status = 200
    attempt = story.call("POST", f"/app/hook/deliveries/{failed['id']}/attempts", token=token)
    assert attempt.status == 202
    assert story.github.wait_until_delivered()
    first, second = story.hook.received
    assert first.guid == second.guid == failed["guid"]
    assert first.body == second.body
    latest = story.github.deliveries()[0]
    assert (latest.redelivery, latest.status_code) == (True, 200)
    assert latest.id != failed["id"]


def test_a_refused_connection_is_a_failure(story: Story) -> None:
    """Nobody listens: the log says so, with a status code of 502."""
    with listening() as gone:
        story.github.set_webhook_url(gone.url)
    push(story)
    delivery = story.github.deliveries()[0]
    assert (delivery.status, delivery.status_code) == ("failed to connect to host", 502)


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(story: Story) -> None:
    """Hooks close idle connections: the next delivery is sent once, over a new one."""
    with listening(idle=0.05) as hook:
        story.github.set_webhook_url(hook.url)
        push(story)
        wait_for(lambda: hook.closed == 1)
        push(story)
        assert [each.status for each in story.github.deliveries()[:2]] == ["OK", "OK"]
        assert len(hook.received) == 2


def test_a_repository_has_its_deliveries_in_order(story: Story) -> None:
    """Twenty pushes come in the order they were made, one at a time."""
    push(story, 20)
    assert pushed(story) == [str(number) for number in range(20)]


def test_a_slow_repository_does_not_hold_up_the_others(story: Story) -> None:
    """While one repository's delivery hangs another's passes."""
    names = [f"octo-org/r{number}" for number in range(8)]
    for name in names:
        story.github.create_repository(name, story.installation_id)
    assert story.github.wait_until_delivered()
    story.hook.received.clear()
    story.hook.hold = threading.Event()
    for name in names:
        story.github.put_file(name, "a", "b")
    wait_for(lambda: len(story.hook.received) >= 2)
    story.hook.hold.set()
    assert story.github.wait_until_delivered()
    assert len(story.hook.received) == 8


def test_dropped_deliveries_are_in_the_log(story: Story) -> None:
    """A dropped delivery never arrives and is listed as failed."""
    story.github.add_webhook_fault(WebhookFault("drop", event="push", times=1, status_code=503))
    push(story, 2)
    assert pushed(story) == ["1"]
    assert sorted(each.status_code for each in story.github.deliveries()[:2]) == [202, 503]


def test_lost_deliveries_are_nowhere(story: Story) -> None:
    """A lost delivery never arrives and is in no log."""
    before = len(story.github.deliveries())
    story.github.add_webhook_fault(WebhookFault("lose", event="push", times=1))
    push(story, 2)
    assert pushed(story) == ["1"]
    assert len(story.github.deliveries()) == before + 1


def test_duplicates_have_one_guid(story: Story) -> None:
    """A delivery may come twice under one GUID."""
    story.github.add_webhook_fault(WebhookFault("duplicate", times=1))
    push(story)
    first, second = story.hook.received
    assert (first.guid, first.body) == (second.guid, second.body)


def test_deliveries_can_be_reversed(story: Story) -> None:
    """Three deliveries are held back and come in reverse order."""
    story.github.add_webhook_fault(WebhookFault("reorder", event="push", times=3, count=3))
    push(story, 4)
    assert sorted(pushed(story)) == ["0", "1", "2", "3"]
    assert pushed(story)[:3] == ["2", "1", "0"]


def test_what_is_held_back_comes_when_the_faults_are_cleared(story: Story) -> None:
    """Clearing the faults sends what a reordering still waits to complete."""
    story.github.add_webhook_fault(WebhookFault("reorder", count=10, shuffled=True))
    push(story, 3)
    assert pushed(story) == []
    story.github.clear_faults()
    assert story.github.wait_until_delivered()
    assert sorted(pushed(story)) == ["0", "1", "2"]


def test_a_delayed_delivery_is_overtaken(story: Story) -> None:
    """A delay lets the next delivery of the repository pass."""
    fault = WebhookFault("delay", event="push", times=1, seconds=0.2)
    story.github.add_webhook_fault(fault)
    push(story, 2)
    assert pushed(story) == ["1", "0"]


def test_webhooks_stay_on_this_machine(story: Story, other_keys: KeyPair) -> None:
    """A webhook address elsewhere is refused, wherever it is given."""
    public = other_keys.public
    with pytest.raises(NotLoopback):
        story.github.register_app(public, "s", "https://example.com/hook", {}, [], "Far")
    with pytest.raises(NotLoopback):
        story.github.set_webhook_url("http://10.0.0.1/")
    body = {"url": "https://example.com/"}
    assert story.call("PATCH", "/app/hook/config", body, story.jwt()).status == 422


def test_a_hook_may_be_changed_by_the_app(story: Story) -> None:
    """PATCH /app/hook/config sends what follows elsewhere."""
    with listening() as elsewhere:
        assert isinstance(elsewhere, Hook)
        answer = story.call("PATCH", "/app/hook/config", {"url": elsewhere.url}, story.jwt())
        assert answer.json["url"] == elsewhere.url
        push(story)
        assert elsewhere.events() == ["push"]

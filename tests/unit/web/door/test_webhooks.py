import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from gate.errors import RetryLater
from gate.store.engine.database import Database
from gate.store.inbox.deliveries import StoredDelivery
from gate.web.limits import LONGEST_WEBHOOK
from tests.unit.web.conftest import OfflineDatabase, Site, delivery_headers, sign


@pytest.fixture(params=[False, True], ids=["flask", "shell"])
def in_loop(request: pytest.FixtureRequest) -> bool:
    """Take deliveries through Flask, which waits, and through the shell, which does not."""
    return bool(request.param)


@pytest.fixture
def site(database: Database, in_loop: bool) -> Site:
    """Provide the application in front of the test's own database."""
    return Site(database, in_loop=in_loop)


PUSH = b'{"ref": "refs/heads/main", "after": null}'


def reason(response: TestResponse) -> str:
    """Return the slug of a problem, having checked that it is one."""
    assert response.content_type == "application/problem+json"
    body = response.json
    assert body is not None
    assert set(body) == {"title", "status", "detail", "reason"}
    assert body["status"] == response.status_code
    found: str = body["reason"]
    return found


def test_a_delivery_is_stored_before_it_is_accepted(site: Site, log: list[Any]) -> None:
    """When GitHub has its 202, the delivery can be read back and the worker knows of it."""
    response = site.deliver(PUSH)

    assert response.status_code == 202
    assert response.json == {"outcome": "stored"}
    (stored,) = site.stored()
    assert (stored.id, stored.event, stored.body) == ("d-1", "push", PUSH)
    assert site.count("stored") == 1
    assert log == [
        {
            "event": "delivery.accepted",
            "log_level": "info",
            "delivery_id": "d-1",
            "observed_event": "push",
        }
    ]


def test_a_known_delivery_is_not_stored_again(site: Site, log: list[Any]) -> None:
    """GitHub redelivers under the same id; the worker hears of it once more, which is harmless."""
    site.deliver(PUSH)
    response = site.deliver(b'{"other": 1}')

    assert response.status_code == 200
    assert response.json == {"outcome": "known"}
    assert [delivery.body for delivery in site.stored()] == [PUSH]
    assert [entry["event"] for entry in log] == ["delivery.accepted"]


@pytest.mark.parametrize("event", ["ping", "star", "deployment_review"])
def test_an_event_that_is_not_ours_is_acknowledged_and_forgotten(site: Site, event: str) -> None:
    """GitHub shall not list as failed what nobody wants, `ping` included."""
    response = site.deliver(event=event)

    assert response.status_code == 200
    assert response.json == {"outcome": "ignored"}
    assert site.stored() == []


@pytest.mark.parametrize("event", ["ping", "push"])
def test_every_event_must_be_signed(site: Site, event: str) -> None:
    """That an event is not ours is told only to who knows the secret."""
    assert site.deliver(event=event, signature=sign(b"another body")).status_code == 401


def test_the_old_secret_is_good_while_secrets_rotate(site: Site) -> None:
    """Every configured secret signs."""
    assert site.deliver(PUSH, signature=sign(PUSH, "old secret")).status_code == 202


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_announced_in_several_ways(site: Site, content_type: str) -> None:
    """Parameters and case of a media type say nothing about it."""
    assert site.deliver(content_type=content_type).status_code == 202


def test_a_form_is_signed_raw_and_stored_as_json(site: Site) -> None:
    """An App may be set to send forms: the signature is over the form, the JSON is a field."""
    text = json.dumps({"ref": "refs/heads/größe & more", "payload": "="}, ensure_ascii=False)
    body = urlencode({"payload": text}).encode()

    response = site.deliver(body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 202
    assert [delivery.body for delivery in site.stored()] == [text.encode()]


FORM = "application/x-www-form-urlencoded"
FORM_OF_JSON = b"payload=" + quote_plus(PUSH).encode()

REFUSED = [
    pytest.param(PUSH, {"signature": None}, (401, "missing_signature"), id="unsigned"),
    pytest.param(PUSH, {"signature": ""}, (401, "bad_signature"), id="empty signature"),
    pytest.param(
        PUSH, {"signature": sign(PUSH, "guess")}, (401, "bad_signature"), id="wrong secret"
    ),
    pytest.param(PUSH, {"signature": sign(PUSH)[:-1]}, (401, "bad_signature"), id="cut signature"),
    pytest.param(PUSH, {"signature": sign(PUSH)[7:]}, (401, "bad_signature"), id="no prefix"),
    pytest.param(PUSH, {"signature": "sha256=größe\xff"}, (401, "bad_signature"), id="not ASCII"),
    pytest.param(PUSH, {"signature": "x" * 60_000}, (401, "bad_signature"), id="huge signature"),
    pytest.param(
        FORM_OF_JSON,
        {"content_type": FORM, "signature": sign(PUSH)},
        (401, "bad_signature"),
        id="form signed by its JSON",
    ),
    pytest.param(PUSH, {"content_type": None}, (415, "wrong_content_type"), id="no type"),
    pytest.param(PUSH, {"content_type": "text/plain"}, (415, "wrong_content_type"), id="text"),
    pytest.param(
        PUSH, {"content_type": "multipart/form-data"}, (415, "wrong_content_type"), id="multipart"
    ),
    pytest.param(PUSH, {"content_type": "\x00\xff;"}, (415, "wrong_content_type"), id="odd type"),
    pytest.param(PUSH, {"event": None}, (400, "missing_header"), id="no event"),
    pytest.param(PUSH, {"delivery": None}, (400, "missing_header"), id="no delivery id"),
    pytest.param(PUSH, {"event": "push, push"}, (400, "malformed"), id="two events"),
    pytest.param(PUSH, {"delivery": "d-1,d-2"}, (400, "malformed"), id="two delivery ids"),
    pytest.param(PUSH, {"delivery": ""}, (400, "malformed"), id="empty delivery id"),
    pytest.param(PUSH, {"delivery": "d" * 65}, (400, "malformed"), id="long delivery id"),
    pytest.param(PUSH, {"delivery": "d\xe9"}, (400, "malformed"), id="odd delivery id"),
    pytest.param(b"", {}, (400, "malformed"), id="empty"),
    pytest.param(b"\x00", {}, (400, "malformed"), id="NUL"),
    pytest.param(b"{", {}, (400, "malformed"), id="cut JSON"),
    pytest.param(b"[1]", {}, (400, "malformed"), id="array"),
    pytest.param(b"null", {}, (400, "malformed"), id="null"),
    pytest.param(b'"{}"', {}, (400, "malformed"), id="string"),
    pytest.param(b"{} {}", {}, (400, "malformed"), id="two objects"),
    pytest.param(b'{"a": NaN}', {}, (400, "malformed"), id="NaN"),
    pytest.param(b'{"a": "\xff"}', {}, (400, "malformed"), id="not UTF-8"),
    pytest.param(b'{"\xff": 1}', {}, (400, "malformed"), id="key not UTF-8"),
    pytest.param('{"a": 1}'.encode("utf-16"), {}, (400, "malformed"), id="UTF-16"),
    pytest.param(b"\xef\xbb\xbf{}", {}, (400, "malformed"), id="byte order mark"),
    pytest.param(b'{"a":' * 200_000, {}, (400, "malformed"), id="deep objects"),
    pytest.param(b'{"a":' + b"[" * 1_000_000, {}, (400, "malformed"), id="deep arrays"),
    pytest.param(b"payload=", {"content_type": FORM}, (400, "malformed"), id="empty field"),
    pytest.param(b"other=%7B%7D", {"content_type": FORM}, (400, "malformed"), id="no field"),
    pytest.param(b"payload=%7B%22a%22%3A%22%FF%22%7D", {"content_type": FORM}, (400, "malformed")),
    pytest.param(b"payload=\xff", {"content_type": FORM}, (400, "malformed"), id="form not ASCII"),
    pytest.param(b"payload=%5B%5D", {"content_type": FORM}, (400, "malformed"), id="form of array"),
    pytest.param(b"&" * 100_000, {"content_type": FORM}, (400, "malformed"), id="many fields"),
    pytest.param(PUSH, {"content_type": FORM}, (400, "malformed"), id="JSON called a form"),
]


@pytest.mark.parametrize(("body", "changes", "answer"), REFUSED)
def test_a_bad_delivery_is_refused(
    site: Site, log: list[Any], body: bytes, changes: dict[str, Any], answer: tuple[int, str]
) -> None:
    """It is answered with a reason, logged once, counted, and leaves nothing behind."""
    response = site.deliver(body, **changes)

    status, slug = answer
    assert response.status_code == status
    assert reason(response) == slug
    assert site.stored() == []
    assert site.count(slug) == 1
    (entry,) = log
    assert (entry["event"], entry["reason"]) == ("delivery.refused", slug)


def test_a_refusal_is_logged_with_the_delivery_it_claims_to_be(site: Site, log: list[Any]) -> None:
    """An operator who looks for a delivery that GitHub lists as failed finds it by its id."""
    site.deliver(delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958", signature=None)
    site.deliver(delivery="hostile text", signature=None)

    assert [entry["delivery_id"] for entry in log] == ["72d3162e-cc78-11e3-81ab-4c9367dc0958", None]


def test_the_largest_payload_is_taken(site: Site) -> None:
    """GitHub delivers up to 25 MiB."""
    body = b'{"a": "%s"}' % (b"x" * (LONGEST_WEBHOOK - 9))
    assert len(body) == LONGEST_WEBHOOK

    assert site.deliver(body).status_code == 202


def test_a_larger_payload_is_refused(site: Site) -> None:
    """One byte more is not GitHub's, whatever its signature."""
    body = b'{"a": "%s"}' % (b"x" * (LONGEST_WEBHOOK - 8))

    response = site.deliver(body)

    assert response.status_code == 413
    assert reason(response) == "too_large"


@pytest.mark.parametrize(
    ("error", "slug", "retry_after"),
    [
        (RetryLater("database_busy", "disk full at /var/lib"), "database_busy", "1"),
        (RetryLater("database_busy", after=timedelta(seconds=2.5)), "database_busy", "3"),
        (RuntimeError("boom"), "not_stored", "1"),
    ],
)
def test_what_cannot_be_stored_fails_at_github(
    log: list[Any], in_loop: bool, error: Exception, slug: str, retry_after: str
) -> None:
    """GitHub lists it as failed, so that it is asked for again; since when is remembered."""
    site = Site(OfflineDatabase(error), in_loop=in_loop)

    response = site.deliver()

    assert response.status_code == 503
    assert reason(response) == slug
    assert response.headers["Retry-After"] == retry_after
    assert "/var/lib" not in response.text
    assert site.gaps == 1
    assert site.count("not_stored") == 1
    (entry,) = log
    assert entry["event"] == "delivery.not_stored"
    assert entry["delivery_id"] == "d-1"


def test_the_time_until_it_is_durable_is_measured_from_the_last_byte(database: Database) -> None:
    """The time a request waits for a thread counts, which the shell knows."""
    site = Site(database)
    body = b"{}"
    site.client.post(
        "/webhooks/github",
        data=body,
        headers=delivery_headers(body),
        environ_overrides={"gate.received": 0.0},
    )

    text = site.metrics.render().decode()
    assert "gate_delivery_stored_seconds_count 1.0" in text
    assert 'gate_delivery_stored_seconds_bucket{le="10.0"} 0.0' in text


_header = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=80)
_bodies = (
    st.binary(max_size=200)
    | st.text(max_size=80).map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)


@given(
    body=_bodies,
    signed=st.booleans(),
    changes=st.fixed_dictionaries(
        {},
        optional={
            "content_type": st.sampled_from([FORM, "application/json"]) | _header,
            "event": st.sampled_from(["push", "ping"]) | _header,
            "delivery": st.sampled_from(["d-1", "d-2"]) | _header,
        },
    ),
    forged=_header,
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_nothing_anybody_sends_is_an_error_of_ours(
    site: Site, body: bytes, signed: bool, changes: dict[str, str], forged: str
) -> None:
    """Every input has an answer of its own, and unsigned ones never reach the database."""
    before: list[StoredDelivery] = site.stored()

    response = site.deliver(body, signature=sign(body) if signed else forged, **changes)

    assert response.status_code in {200, 202, 400, 401, 415}
    if not signed:
        assert response.status_code in {401, 415}
        assert site.stored() == before
    if response.status_code == 202:
        assert isinstance(json.loads(site.stored()[0].body), dict)

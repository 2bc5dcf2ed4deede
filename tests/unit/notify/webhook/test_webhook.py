"""The signed JSON arrives byte for byte, and every fault ends as the error that says what to do."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from gate.errors import ConfigError, GateError, OutcomeUnknown, Refused, RetryLater
from gate.githubapp.webhooks.signature import check_signature
from gate.notify.webhook.contract import encode_contract
from gate.notify.webhook.webhook import WebhookNotifier, delivery_id
from tests.support.alert_receiver import Receiver, Reply
from tests.support.alerts import make_alert
from tests.support.ports import unused_port

SECRET = "it's a secret"


def test_the_contracts_bytes_arrive_signed(receiver: Receiver) -> None:
    """The signature is over what arrives, as GitHub makes it."""
    WebhookNotifier(receiver.url, SECRET).send(make_alert())

    (received,) = receiver.received
    assert received.body == encode_contract(make_alert())
    assert json.loads(received.body)["event"] == "Production Validation Failed"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["x-gate-delivery"] == "incident/17/page/1"
    expected = hmac.new(SECRET.encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers["x-gate-signature-256"] == f"sha256={expected}"
    check_signature(received.body, received.headers["x-gate-signature-256"], [SECRET])


def test_the_same_alert_has_the_same_delivery(receiver: Receiver) -> None:
    """A receiver can drop the second of two."""
    notifier = WebhookNotifier(receiver.url, SECRET)
    notifier.send(make_alert())
    notifier.send(make_alert())

    first, second = receiver.received
    assert (first.body, first.headers["x-gate-delivery"]) == (
        second.body,
        second.headers["x-gate-delivery"],
    )


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("incident/17/page/1", "incident/17/page/1"),
        ("a b", "a%20b"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil:%201"),
        ("münchen", "m%C3%BCnchen"),
        ("50%", "50%25"),
    ],
)
def test_a_key_cannot_break_the_header(receiver: Receiver, key: str, header: str) -> None:
    """What is not plain ASCII is escaped."""
    WebhookNotifier(receiver.url, SECRET).send(make_alert(key=key))

    assert delivery_id(key) == header
    assert receiver.received[0].headers["x-gate-delivery"] == header
    assert "x-evil" not in receiver.received[0].headers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(receiver: Receiver, status: int) -> None:
    """Receivers differ in how they say that they took it."""
    receiver.reply = Reply(status, b"")

    WebhookNotifier(receiver.url, SECRET).send(make_alert())


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (Reply(400), Refused, "alert_refused"),
        (Reply(413), Refused, "alert_refused"),
        (Reply(422), Refused, "alert_refused"),
        (Reply(401), Refused, "channel_refused"),
        (Reply(403), Refused, "channel_refused"),
        (Reply(404), Refused, "channel_refused"),
        (Reply(410), Refused, "channel_refused"),
        (Reply(408), RetryLater, "channel_unavailable"),
        (Reply(425), RetryLater, "channel_unavailable"),
        (Reply(503), RetryLater, "channel_unavailable"),
        (Reply(429), RetryLater, "rate_limited"),
        (Reply(500), OutcomeUnknown, "outcome_unknown"),
        (Reply(502), OutcomeUnknown, "outcome_unknown"),
        (Reply(504), OutcomeUnknown, "outcome_unknown"),
        (Reply(599), OutcomeUnknown, "outcome_unknown"),
        (Reply(drop=True), OutcomeUnknown, "outcome_unknown"),
        (Reply(stall=True), OutcomeUnknown, "outcome_unknown"),
    ],
    ids=str,
)
def test_each_answer_has_its_error(
    receiver: Receiver, reply: Reply, kind: type[GateError], reason: str
) -> None:
    """Sent once, whatever comes back; neither address nor secret is in the message."""
    receiver.reply = reply

    with pytest.raises(kind) as caught:
        WebhookNotifier(receiver.url, SECRET, timeout=0.3).send(make_alert())

    assert caught.value.reason == reason
    assert "s3cret" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    """Alerts go where the operator said, and nowhere else."""
    receiver.reply = Reply(status, b"", {"Location": receiver.url})

    with pytest.raises(Refused) as caught:
        WebhookNotifier(receiver.url, SECRET).send(make_alert())

    assert "redirects are not followed" in caught.value.detail
    assert len(receiver.received) == 1


def test_the_receiver_may_ask_for_a_pause(receiver: Receiver) -> None:
    """As it says in Retry-After."""
    receiver.reply = Reply(503, b"", {"Retry-After": "120"})

    with pytest.raises(RetryLater) as caught:
        WebhookNotifier(receiver.url, SECRET).send(make_alert())

    assert caught.value.after == timedelta(seconds=120)


def test_a_body_without_end_is_not_waited_for() -> None:
    """The status is the answer: a body that would go on for ever costs nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx")
                # Ends when the notifier hangs up.
                while connection.recv(65536):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        WebhookNotifier(url, SECRET, timeout=5).send(make_alert())
        thread.join()


def test_a_broken_answer_leaves_the_outcome_open() -> None:
    """What is no HTTP says nothing about what was taken."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.com ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(OutcomeUnknown):
            WebhookNotifier(url, SECRET, timeout=5).send(make_alert())
        thread.join()


def test_nothing_arrives_where_nobody_listens() -> None:
    """No connection: it is certain that nothing was sent."""
    url = f"http://127.0.0.1:{unused_port()}/"

    with pytest.raises(RetryLater):
        WebhookNotifier(url, SECRET).send(make_alert())


def test_a_receiver_without_tls_gets_nothing(receiver: Receiver) -> None:
    """It is not spoken to in clear when its address says https."""
    with pytest.raises(RetryLater) as caught:
        WebhookNotifier(receiver.url.replace("http:", "https:"), SECRET).send(make_alert())

    assert caught.value.detail == "no connection: SSLError"
    assert receiver.received == []


def test_credentials_of_a_netrc_file_stay_here(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are for other programs."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mona password hush\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    WebhookNotifier(receiver.url, SECRET).send(make_alert())

    assert "authorization" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("url", "secret", "variable"),
    [
        ("http://alerts.example.com/", SECRET, "GATE_ALERT_WEBHOOK_URL"),
        ("https://mona:s3cret@alerts.example.com/", SECRET, "GATE_ALERT_WEBHOOK_URL"),
        ("https://alerts.example.com/#s3cret", SECRET, "GATE_ALERT_WEBHOOK_URL"),
        ("alerts.example.com/s3cret", SECRET, "GATE_ALERT_WEBHOOK_URL"),
        ("https://alerts.example.com/", "", "GATE_ALERT_WEBHOOK_SECRET"),
    ],
)
def test_what_cannot_be_used_is_a_problem(url: str, secret: str, variable: str) -> None:
    """Unsigned alerts are not sent, and neither are signed ones in clear."""
    with pytest.raises(ConfigError) as caught:
        WebhookNotifier(url, secret)

    assert variable in str(caught.value)
    assert "s3cret" not in str(caught.value)

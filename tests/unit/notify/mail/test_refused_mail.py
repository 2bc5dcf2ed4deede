"""Mail that a server refuses or delays: the error says whether it may have arrived."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from pathlib import Path

import pytest

from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from tests.support.alerts import make_alert
from tests.support.mail_server import PASSWORD, PostOffice
from tests.support.ports import unused_port
from tests.unit.notify.mail.mail_channel import BOSS, ONCALL, TEAM, notifier


def test_greylisted_mail_arrives_at_the_second_try(office: PostOffice, certificate: Path) -> None:
    """451 first: nothing arrived, and another try is worth it."""
    office.recipients[ONCALL] = ["451 4.7.1 come back later", "250 OK"]
    channel = notifier(office.port, certificate)

    with pytest.raises(RetryLater) as caught:
        channel.send(make_alert())
    assert caught.value.detail == (
        f"recipient {ONCALL}: the mail server answered 451 4.7.1 come back later"
    )
    assert office.taken == []

    channel.send(make_alert())
    assert len(office.taken) == 1


def test_who_has_it_is_spared_when_others_are_put_off(
    office: PostOffice, certificate: Path
) -> None:
    """The mail goes to whoever can have it now; the rest get it with the next try."""
    office.recipients[TEAM] = ["451 later", "250 OK"]
    channel = notifier(office.port, certificate, to=f"{ONCALL}, {TEAM}")

    with pytest.raises(RetryLater):
        channel.send(make_alert())
    channel.send(make_alert())
    channel.send(make_alert())

    assert [it.rcpt_tos for it in office.taken] == [[ONCALL], [TEAM]]


def test_who_is_refused_does_not_keep_it_from_the_others(
    office: PostOffice, certificate: Path
) -> None:
    """The others have it, and the refusal is told."""
    office.recipients[BOSS] = ["550 5.1.1 no such user"]
    channel = notifier(office.port, certificate, to=f"{BOSS}, {ONCALL}")

    with pytest.raises(Refused) as caught:
        channel.send(make_alert())

    assert caught.value.detail == (
        f"recipient {BOSS}: the mail server answered 550 5.1.1 no such user"
    )
    assert [it.rcpt_tos for it in office.taken] == [[ONCALL]]


def test_who_is_put_off_counts_before_who_is_refused(office: PostOffice, certificate: Path) -> None:
    """As long as another try may reach somebody, there is one."""
    office.recipients |= {BOSS: ["550 no such user"], TEAM: ["451 later"]}
    channel = notifier(office.port, certificate, to=f"{BOSS}, {TEAM}")

    with pytest.raises(RetryLater):
        channel.send(make_alert())


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ("451 4.3.0 try again", RetryLater, "channel_unavailable"),
        ("421 closing", RetryLater, "channel_unavailable"),
        ("550 5.7.1 looks like spam", Refused, "alert_refused"),
        ("554 no", Refused, "alert_refused"),
    ],
)
def test_the_mail_itself_may_be_refused(
    office: PostOffice, certificate: Path, answer: str, kind: type[GateError], reason: str
) -> None:
    """4xx is worth another try, 5xx is for good, and the server says why."""
    office.data = [answer]

    with pytest.raises(kind) as caught:
        notifier(office.port, certificate).send(make_alert())

    assert caught.value.reason == reason
    assert caught.value.detail == f"data: the mail server answered {answer}"
    assert office.tries == 1


def test_a_lost_answer_to_the_mail_leaves_it_open(office: PostOffice, certificate: Path) -> None:
    """The mail was taken, and only the server knows; it has the same id when it comes again."""
    office.hang_up = True
    channel = notifier(office.port, certificate)

    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            channel.send(make_alert())

    first, second = office.letters
    assert first["Message-ID"] == second["Message-ID"]


def test_nothing_arrives_where_nobody_listens() -> None:
    """No connection: it is certain that nothing was sent."""
    with pytest.raises(RetryLater) as caught:
        notifier(unused_port(), None).send(make_alert())

    assert caught.value.detail == "connect: ConnectionRefusedError (Connection refused)"


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (b"554 5.3.2 no mail here\r\n", Refused),
        (b"421 4.3.2 too busy\r\n", RetryLater),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", RetryLater),
        (b"", RetryLater),
    ],
)
def test_a_server_may_not_want_to_speak(greeting: bytes, kind: type[GateError]) -> None:
    """Before anything was said, nothing has arrived."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(kind):
            notifier(server.getsockname()[1], None).send(make_alert())
        thread.join()


@pytest.mark.parametrize(
    ("answers", "kind", "reason"),
    [
        ([b"451 4.3.0 no room"], RetryLater, "channel_unavailable"),
        ([b"554 5.6.0 none of yours"], Refused, "alert_refused"),
        ([b"354 go on", b"klingon"], OutcomeUnknown, "outcome_unknown"),
        ([b"354 go on"], OutcomeUnknown, "outcome_unknown"),
    ],
)
def test_the_mail_may_be_answered_with_anything(
    answers: list[bytes], kind: type[GateError], reason: str
) -> None:
    """To DATA, and to its end: what is no answer leaves open whether the mail was taken."""
    said = [b"220 hello", b"250 hello", b"250 sender", b"250 recipient", *answers]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as lines:
                for number, reply in enumerate(said):
                    connection.sendall(reply + b"\r\n")
                    line = lines.readline() if number + 1 < len(said) else b""
                    while reply.startswith(b"354") and line not in {b".\r\n", b""}:
                        line = lines.readline()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(kind) as caught:
            notifier(server.getsockname()[1], None, user="", query="").send(make_alert())
        thread.join()

    assert caught.value.reason == reason


@pytest.mark.parametrize("secret", [PASSWORD, b64encode(PASSWORD.encode()).decode()])
def test_a_server_that_repeats_the_password_is_not_quoted_with_it(
    office: PostOffice, certificate: Path, secret: str
) -> None:
    """Its words are shown on one line, cut, without what it was told."""
    office.data = [f"550 5.7.1 you said {secret}, {'x' * 300}"]
    with pytest.raises(Refused) as caught:
        notifier(office.port, certificate).send(make_alert())

    assert secret not in caught.value.detail
    assert "you said ***, xxx" in caught.value.detail
    assert len(caught.value.detail) < 260

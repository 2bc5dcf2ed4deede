"""Mail reaches a real mail server encrypted and signed in, and what fails says whether it did."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from gate.domain.model.alert import AlertKind
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.notify.mail.mail import MailNotifier
from gate.notify.mail.mailbox import read_mailbox
from tests.support.alerts import make_alert
from tests.support.certificates import client_context, server_context, write_certificate
from tests.support.mail_server import PASSWORD, USER, PostOffice, running_post_office
from tests.support.ports import unused_port

SENDER = "Deployment Gate <gate@example.com>"
ONCALL, TEAM, BOSS = "oncall@example.com", "team@example.com", "boss@example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mail server's certificate and key."""
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def office(certificate: Path) -> Iterator[PostOffice]:
    """A mail server that wants STARTTLS and a password."""
    with running_post_office(server_context(certificate)) as made:
        yield made


def notifier(
    port: int,
    certificate: Path | None,
    *,
    to: str = ONCALL,
    scheme: str = "smtp",
    query: str = "?starttls=1",
    user: str = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@",
) -> MailNotifier:
    """Make a channel to the mail server on this port that trusts this certificate."""
    url = f"{scheme}://{user}127.0.0.1:{port}{query}"
    mailbox = read_mailbox(url, SENDER, to, "https://gate.example.org/x")
    context = client_context(certificate) if certificate else None
    return MailNotifier(mailbox, context=context, timeout=5)


def test_mail_is_encrypted_signed_in_and_for_all(office: PostOffice, certificate: Path) -> None:
    """One mail, with every recipient on its envelope."""
    notifier(office.port, certificate, to=f"{ONCALL}, Team <{TEAM}>").send(make_alert())

    (envelope,) = office.taken
    assert envelope.mail_from == "gate@example.com"
    assert envelope.rcpt_tos == [ONCALL, TEAM]
    assert (office.signed_in, office.encrypted) == ([True], [True])
    (letter,) = office.letters
    assert letter["To"] == f"{ONCALL}, Team <{TEAM}>"
    assert "mona/shop: production validation failed" in letter["Subject"]


def test_mail_goes_by_tls_from_the_first_byte(certificate: Path) -> None:
    """The scheme smtps."""
    with running_post_office(server_context(certificate), "tls") as office:
        notifier(office.port, certificate, scheme="smtps", query="").send(make_alert())

        assert (office.signed_in, office.encrypted) == ([True], [True])


def test_loopback_may_be_spoken_to_in_clear(certificate: Path) -> None:
    """A relay on this machine needs neither encryption nor a password."""
    with running_post_office(server_context(certificate), "none") as office:
        notifier(office.port, None, user="", query="").send(make_alert())

        assert (office.signed_in, office.encrypted) == ([False], [False])


def test_a_certificate_that_is_not_trusted_ends_it(office: PostOffice) -> None:
    """Neither password nor mail is sent to whom it may not concern."""
    with pytest.raises(RetryLater) as caught:
        notifier(office.port, None).send(make_alert())

    assert caught.value.detail == ("TLS: SSLCertVerificationError (self-signed certificate)")
    assert office.tries == 0


def test_a_server_without_starttls_gets_nothing(certificate: Path) -> None:
    """What was to be encrypted is not sent in clear instead."""
    with running_post_office(server_context(certificate), "none") as office:
        with pytest.raises(Refused) as caught:
            notifier(office.port, certificate).send(make_alert())

        assert caught.value.reason == "channel_refused"
        assert office.tries == 0


def test_a_server_that_signs_nobody_in_gets_nothing(certificate: Path) -> None:
    """A password that is asked for by nobody is a mistake in the settings."""
    with running_post_office(server_context(certificate), "none") as office:
        with pytest.raises(Refused) as caught:
            notifier(office.port, certificate, query="").send(make_alert())

        assert caught.value.reason == "channel_refused"
        assert office.tries == 0


def test_a_wrong_password_is_refused(office: PostOffice, certificate: Path) -> None:
    """And is in no message."""
    with pytest.raises(Refused) as caught:
        notifier(office.port, certificate, user="mona:s3cret@").send(make_alert())

    assert caught.value.reason == "channel_refused"
    assert caught.value.detail == (
        "sign-in: the mail server answered 535 5.7.8 Authentication credentials invalid"
    )
    assert office.tries == 0


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


def test_certificates_are_checked_unless_told_whom_to_trust() -> None:
    """The default is the system's, host name included."""
    channel = notifier(25, None)

    assert channel._context.verify_mode is ssl.CERT_REQUIRED
    assert channel._context.check_hostname


@pytest.mark.parametrize(
    ("query", "name"),
    [("?starttls=1", "gate.example.org"), ("?starttls=1&ehlo=mx.example.com", "mx.example.com")],
)
def test_the_gate_says_who_it_is(
    office: PostOffice, certificate: Path, query: str, name: str
) -> None:
    """Before and after encryption; many servers take no mail from a name that is none."""
    notifier(office.port, certificate, query=query).send(make_alert())

    assert office.greeted == [name, name]
    (letter,) = office.letters
    assert letter["Message-ID"].endswith(f"@{name}>")


def test_a_name_may_be_refused(office: PostOffice, certificate: Path) -> None:
    """The error says that it was the name, in the server's words."""
    office.names = "550 5.7.1 HELO rejected: unknown name"
    with pytest.raises(Refused) as caught:
        notifier(office.port, certificate).send(make_alert())

    assert caught.value.detail == f"EHLO: the mail server answered {office.names}"


def test_an_old_server_is_greeted_as_it_knows(certificate: Path) -> None:
    """Where neither encryption nor a password is needed, HELO will do."""
    with running_post_office(server_context(certificate), "none") as office:
        office.names = "502 5.5.1 what is EHLO"
        notifier(office.port, None, user="", query="").send(make_alert())
        assert len(office.taken) == 1
        office.names = "550 5.7.1 unknown name"
        with pytest.raises(Refused) as caught:
            notifier(office.port, None, user="", query="").send(
                make_alert(key="incident/18/page/1")
            )

    assert caught.value.detail == f"EHLO: the mail server answered {office.names}"


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


def test_mail_of_one_incident_arrives_as_one_thread(office: PostOffice, certificate: Path) -> None:
    """What a page and its updates refer to is the same id, and each has its own."""
    channel = notifier(office.port, certificate)
    channel.send(make_alert())
    channel.send(make_alert(key="incident/17/update/2", kind=AlertKind.UPDATE))

    page, update = office.letters
    assert page["References"] == update["References"] == update["In-Reply-To"]
    assert page["Message-ID"] != update["Message-ID"]
    assert page["Date"] is not None

"""Mail is sent encrypted, after signing in, to a real mail server."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from gate.domain.model.alert import AlertKind
from gate.errors import Refused, RetryLater
from tests.support.alerts import make_alert
from tests.support.certificates import server_context
from tests.support.mail_server import PostOffice, running_post_office
from tests.unit.notify.mail.mail_channel import ONCALL, TEAM, notifier


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


def test_mail_of_one_incident_arrives_as_one_thread(office: PostOffice, certificate: Path) -> None:
    """What a page and its updates refer to is the same id, and each has its own."""
    channel = notifier(office.port, certificate)
    channel.send(make_alert())
    channel.send(make_alert(key="incident/17/update/2", kind=AlertKind.UPDATE))

    page, update = office.letters
    assert page["References"] == update["References"] == update["In-Reply-To"]
    assert page["Message-ID"] != update["Message-ID"]
    assert page["Date"] is not None

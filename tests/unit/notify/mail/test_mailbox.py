"""Where mail goes is read as a whole, and what is wrong is named without its value."""

from __future__ import annotations

from email.headerregistry import Address

import pytest

from gate.errors import ConfigError
from gate.notify.mail.mailbox import MailServer, read_mailbox, read_server

URL = "smtp://mona:s3cret@mail.example.com:2525?starttls=1"
SENDER = "gate@example.com"
TO = "oncall@example.com"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (URL, MailServer("mail.example.com", 2525, False, True, "mona", "s3cret")),
        ("smtp://h.example?starttls=1", MailServer("h.example", 587, False, True, "", "")),
        ("smtp://h.example/?starttls=1", MailServer("h.example", 587, False, True, "", "")),
        ("smtps://h.example", MailServer("h.example", 465, True, False, "", "")),
        ("smtps://h.example?starttls=0", MailServer("h.example", 465, True, False, "", "")),
        (
            "smtps://h.example?ehlo=mx.example.com",
            MailServer("h.example", 465, True, False, "", "", "mx.example.com"),
        ),
        (
            "smtp://h.example?starttls=1&ehlo=[203.0.113.7]",
            MailServer("h.example", 587, False, True, "", "", "[203.0.113.7]"),
        ),
        ("smtp://localhost", MailServer("localhost", 25, False, False, "", "")),
        ("smtp://[::1]:26", MailServer("::1", 26, False, False, "", "")),
        (
            "smtps://mona%40example.com:p%40ss%2Fw@h.example",
            MailServer("h.example", 465, True, False, "mona@example.com", "p@ss/w"),
        ),
    ],
)
def test_a_server_is_read_from_its_address(url: str, server: MailServer) -> None:
    """Ports are those of relay, submission and submission by TLS, unless said."""
    assert read_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com/s3cret",
        "http://s3cret.example.com",
        "smtp://",
        "smtp://s3cret.example.com",
        "smtp://mona:s3cret@mail.example.com",
        "smtp://mail.example.com?starttls=0",
        "smtp://mail.example.com?starttls=yes",
        "smtps://mail.example.com?starttls=1",
        "smtps://mail.example.com?verify=s3cret",
        "smtps://mail.example.com?ehlo=",
        "smtps://mail.example.com?ehlo=s3cret%0d%0aMAIL",
        "smtps://mail.example.com?ehlo=-s3cret",
        "smtps://mail.example.com?ehlo=s3cret..x",
        "smtps://mail.example.com/s3cret",
        "smtps://mail.example.com#s3cret",
        "smtps://s3cret@mail.example.com",
        "smtps://:s3cret@mail.example.com",
        "smtps://mail.example.com:s3cret",
        "smtps://mail.example.com:0",
        "smtps://mona:s3 cret@mail.example.com",
    ],
)
def test_a_server_that_cannot_be_used_is_a_problem(url: str) -> None:
    """Unencrypted mail goes to loopback only; what has no meaning is not overlooked."""
    with pytest.raises(ConfigError) as caught:
        read_server(url)

    assert str(caught.value).count("GATE_SMTP_URL") == 1
    assert "s3cret" not in str(caught.value)


def test_people_have_names_and_addresses() -> None:
    """As mail programs write them, separated by commas."""
    mailbox = read_mailbox(URL, "Gate <gate@example.com>", f"{TO}, 'A B' <a.b@sub.example.com>")

    assert mailbox.sender == Address("Gate", "gate", "example.com")
    assert [it.addr_spec for it in mailbox.recipients] == [TO, "a.b@sub.example.com"]


@pytest.mark.parametrize(
    ("sender", "recipients", "variables"),
    [
        (None, TO, ["GATE_ALERT_EMAIL_FROM"]),
        (SENDER, None, ["GATE_ALERT_EMAIL_TO"]),
        (SENDER, "s3cret", ["GATE_ALERT_EMAIL_TO"]),
        (SENDER, f"{TO},,", ["GATE_ALERT_EMAIL_TO"]),
        (SENDER, f"{TO} s3cret@example.com", ["GATE_ALERT_EMAIL_TO"]),
        (SENDER, "s3cret@localhost", ["GATE_ALERT_EMAIL_TO"]),
        (SENDER, "s3crét@example.com", ["GATE_ALERT_EMAIL_TO"]),
        (SENDER, f"{TO}\r\nBcc: s3cret@example.com", ["GATE_ALERT_EMAIL_TO"]),
        (f"{SENDER}, s3cret@example.com", TO, ["GATE_ALERT_EMAIL_FROM"]),
        ("s3cret", "s3cret", ["GATE_ALERT_EMAIL_FROM", "GATE_ALERT_EMAIL_TO"]),
    ],
)
def test_what_is_no_address_is_a_problem(
    sender: str | None, recipients: str | None, variables: list[str]
) -> None:
    """Each variable is named once; none of the values is repeated."""
    with pytest.raises(ConfigError) as caught:
        read_mailbox(URL, sender, recipients)

    assert [it.split()[0] for it in caught.value.problems] == variables
    assert "s3cret" not in str(caught.value)


def test_all_that_is_missing_is_said_at_once() -> None:
    """The three variables belong together."""
    with pytest.raises(ConfigError) as caught:
        read_mailbox(None, None, None)

    assert [it.split()[0] for it in caught.value.problems] == [
        "GATE_SMTP_URL",
        "GATE_ALERT_EMAIL_FROM",
        "GATE_ALERT_EMAIL_TO",
    ]


def test_a_password_is_in_no_repr() -> None:
    """Nor is the user."""
    shown = repr(read_mailbox(URL, SENDER, TO))

    assert "s3cret" not in shown
    assert "mona" not in shown


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://gate.example.com:8443/x", "gate.example.com"),
        ("https://203.0.113.7", "[203.0.113.7]"),
        ("https://[2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("http://127.0.0.1:8080", None),
        ("http://localhost", None),
        ("", None),
    ],
)
def test_the_gate_is_called_by_its_address(public_url: str, name: str | None) -> None:
    """Where it is on this machine alone, by the machine's name; a name that is given is used."""
    assert read_mailbox(URL, SENDER, TO, public_url).server.ehlo == name
    assert (
        read_mailbox(f"{URL}&ehlo=mx.example", SENDER, TO, public_url).server.ehlo == "mx.example"
    )

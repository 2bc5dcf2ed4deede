"""The mail of an alert is the same each time, threads with its incident, and hides nothing."""

from __future__ import annotations

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.alert import Alert, AlertKind
from gate.notify.mail.letter import write_letter
from gate.notify.outline import Room, outline
from gate.notify.text_and_html import render_html, render_text
from tests.support.alerts import HOSTILE, make_alert, make_hostile

SENDER = Address("Deployment Gate", "gate", "example.com")
TO = (Address("", "oncall", "example.com"), Address("Team", "team", "example.com"))
ROOM = Room(items=50, words=500)


def parsed(**changes: object) -> EmailMessage:
    """Write a mail, and read it as its receiver does."""
    letter = message_from_bytes(
        write_letter(make_alert(**changes), SENDER, TO).as_bytes(), policy=default
    )
    assert isinstance(letter, EmailMessage)
    return letter


def part(letter: EmailMessage, kind: str) -> str:
    """Return the text or the HTML of a mail."""
    body = letter.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


def test_text_and_html_say_the_same() -> None:
    """A plain client shows the text; it is the first part, and can be read undecoded."""
    letter, content = parsed(), outline(make_alert(), ROOM)

    assert [it.get_content_type() for it in letter.iter_parts()] == ["text/plain", "text/html"]
    assert b"\nFailed flows (1)\n" in letter.as_bytes()
    assert part(letter, "plain").splitlines() == render_text(content).splitlines()
    assert part(letter, "html").splitlines() == render_html(content).splitlines()


def test_the_headers_say_who_what_and_that_it_is_a_machine() -> None:
    """All but the mail's own bookkeeping."""
    letter = parsed()

    assert letter["From"] == "Deployment Gate <gate@example.com>"
    assert letter["To"] == "oncall@example.com, Team <team@example.com>"
    subject = "mona/shop: production validation failed (add-exercise.yml); 1 deployment held"
    # A folded header keeps the blank that begins its next line.
    assert letter["Subject"].strip() == subject
    assert letter["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    assert letter["Auto-Submitted"] == "auto-generated"


def test_the_same_alert_is_the_same_mail() -> None:
    """Sent again it has the id it had, and mail clients show it once."""
    assert parsed()["Message-ID"] == parsed(summary="other words")["Message-ID"]
    assert parsed()["Message-ID"] != parsed(key="incident/17/page/2")["Message-ID"]


def test_mail_of_one_incident_is_one_thread() -> None:
    """Whichever comes first; another incident is another thread."""
    page = parsed()
    recovery = parsed(key="incident/17/recovery", kind=AlertKind.RECOVERY)
    other = parsed(key="incident/18/page/1", incident="incident/18")

    assert page["References"] == page["In-Reply-To"] == recovery["References"]
    assert other["References"] != page["References"]
    assert page["Message-ID"] not in {page["References"], recovery["Message-ID"]}


def test_an_id_is_one_whatever_the_key() -> None:
    """Characters that no id may have do not get into it."""
    letter = parsed(key=HOSTILE, incident=HOSTILE)

    for name in ("Message-ID", "In-Reply-To", "References"):
        assert letter[name].endswith("@example.com>")
        assert letter[name].isascii()


@given(st.text(), st.text())
def test_no_text_makes_a_header(headline: str, repository: str) -> None:
    """The headers are always the same ones, each once."""
    letter = parsed(headline=f"{headline}\r\nBcc: eve@evil.example", repository=repository)

    assert letter.keys() == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ]
    assert "\n" not in letter["Subject"]


@pytest.mark.parametrize(
    "alert",
    [
        make_hostile(500),
        make_alert(
            environment="münchen",
            failed_flows=(),
            run_id=None,
            artifact_urls=(),
            terraform_deployment_id=None,
        ),
    ],
    ids=["hostile", "short"],
)
def test_a_mail_is_plain_ascii_of_short_lines(alert: Alert) -> None:
    """Any server takes it (RFC 5322, section 2.1.1)."""
    raw = write_letter(alert, SENDER, TO).as_bytes()

    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998

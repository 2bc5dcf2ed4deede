"""Build a mail channel that trusts the certificate of the tests."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from gate.notify.mail.mail import MailNotifier
from gate.notify.mail.mailbox import read_mailbox
from tests.support.certificates import client_context
from tests.support.mail_server import PASSWORD, USER

SENDER = "Deployment Gate <gate@example.com>"
ONCALL, TEAM, BOSS = "oncall@example.com", "team@example.com", "boss@example.com"


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

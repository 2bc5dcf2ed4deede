"""A mail server on loopback that signs people in, encrypts, and refuses what a test wants."""

from __future__ import annotations

import ssl
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import unused_port

USER = "mona@example.com"
PASSWORD = "p@ss/word s3cret"
Security = Literal["starttls", "tls", "none"]


@dataclass
class PostOffice:
    """Takes all mail, but for what `recipients` and `data` answer instead; the last stays."""

    port: int
    recipients: dict[str, list[str]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    hang_up: bool = False
    names: str = ""
    """What EHLO is answered with, and HELO, too, when it is 550; nothing to take every name."""

    greeted: list[str] = field(default_factory=list)
    taken: list[Envelope] = field(default_factory=list)
    tries: int = 0
    signed_in: list[bool] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        self.greeted.append(name)
        session.host_name = name
        return [self.names] if self.names else answers

    async def handle_HELO(  # noqa: N802  # as above
        self, server: SMTP, session: Session, envelope: Envelope, name: str
    ) -> str:
        return self.names if self.names.startswith("550") else "250 hello"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = _next(self.recipients.get(address, []), "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802  # as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(server.transport, Transport)
        self.tries += 1
        self.signed_in.append(bool(session.authenticated))
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        answer = _next(self.data, "250 OK")
        if answer.startswith("250"):
            self.taken.append(envelope)
        if self.hang_up:
            server.transport.abort()
        return answer

    @property
    def letters(self) -> list[EmailMessage]:
        """Return the mail that was taken, parsed."""
        return [message_from_bytes(_bytes(it.content), policy=default) for it in self.taken]


def _next(answers: list[str], otherwise: str) -> str:
    if not answers:
        return otherwise
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _bytes(content: bytes | str | None) -> bytes:
    assert isinstance(content, bytes)
    return content


def _sign_in(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    is_known = isinstance(data, LoginPassword) and data == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=is_known, handled=False)


@contextmanager
def running_post_office(
    context: ssl.SSLContext, security: Security = "starttls"
) -> Iterator[PostOffice]:
    """Serve on a free port; without encryption nobody is signed in."""
    office = PostOffice(unused_port())
    options: dict[str, Any] = {}
    if security != "none":
        options = {"authenticator": _sign_in, "auth_required": True}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security == "tls":
        # aiosmtpd knows of encryption by STARTTLS only, and warns where it misses it.
        options |= {"ssl_context": context, "auth_require_tls": False, "auth_required": False}
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **options)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()

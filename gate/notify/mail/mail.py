"""Send alerts by mail, over SMTP.

Certificates are always checked. When the server defers one recipient, the others still get the
mail: they are remembered, and the next attempt is for the rest.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from smtplib import SMTP, SMTP_SSL, SMTPException, SMTPNotSupportedError, SMTPResponseException
from typing import Final

from gate.domain.model.alert import Alert, Channel
from gate.domain.text.escaping import cut
from gate.domain.text.fold import fold
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.notify.accepted_targets import AcceptedTargets
from gate.notify.mail.letter import write_letter
from gate.notify.mail.mailbox import Mailbox, MailServer
from gate.notify.mail.sign_in import encodings, sign_in

TIMEOUT: Final = 15.0
"""Seconds, for connecting and for each answer."""

_POSITIVE: Final = range(200, 300)
_FOR_GOOD: Final = range(500, 600)
_MOST_WORDS: Final = 200


class MailNotifier:
    """Send to one list of recipients, from any thread: each mail has its own connection."""

    channel: Final = Channel.EMAIL

    def __init__(
        self, mailbox: Mailbox, *, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT
    ) -> None:
        """Store the settings; nothing connects. `context` defaults to the system's certificates."""
        self._mailbox: Final = mailbox
        self._context: Final = context or ssl.create_default_context()
        self._timeout: Final = timeout
        self._accepted: Final = AcceptedTargets()

    def send(self, alert: Alert) -> None:
        """Send one mail to all recipients that lack it.

        Raises RetryLater when some were deferred, Refused when some were rejected for good: the
        others have got the mail then.
        """
        mailbox = self._mailbox
        home = mailbox.server.ehlo
        letter = write_letter(alert, mailbox.sender, mailbox.recipients, home).as_bytes()
        done = self._accepted.by(alert.key)
        left = [it for it in range(len(mailbox.recipients)) if it not in done]
        if not left:
            return
        with _connected(mailbox.server, self._context, self._timeout) as connection:
            accepted, failures = self._announce(connection, left)
            if accepted:
                _deliver(connection, letter, mailbox.server)
        for number in accepted:
            self._accepted.record(alert.key, number)
        if failures:
            raise min(failures, key=lambda it: not isinstance(it, RetryLater))

    def _announce(self, connection: SMTP, left: Sequence[int]) -> tuple[list[int], list[GateError]]:
        """Name sender and recipients; return which the server accepts, and why not the others."""
        server = self._mailbox.server
        with _phase("sender", server):
            _check(connection.mail(self._mailbox.sender.addr_spec))
        accepted: list[int] = []
        failures: list[GateError] = []
        for number in left:
            address = self._mailbox.recipients[number].addr_spec
            with _phase(f"recipient {address}", server):
                answer = connection.rcpt(address)
            try:
                with _phase(f"recipient {address}", server):
                    _check(answer)
            except (RetryLater, Refused) as error:
                failures.append(error)
            else:
                accepted.append(number)
        return accepted, failures


@contextmanager
def _connected(server: MailServer, context: ssl.SSLContext, timeout: float) -> Iterator[SMTP]:
    """Connect, encrypt and sign in; disconnect at the end, even if the server objects."""
    with _phase("connect", server):
        connection = (
            SMTP_SSL(server.host, server.port, server.ehlo, timeout=timeout, context=context)
            if server.tls
            else SMTP(server.host, server.port, server.ehlo, timeout=timeout)
        )
    try:
        _greet(connection, server)
        if server.starttls:
            with _phase("TLS", server):
                connection.starttls(context=context)
            _greet(connection, server)
        if server.user:
            with _phase("sign-in", server):
                sign_in(connection, server.user, server.password)
        yield connection
    finally:
        # A lost QUIT changes nothing: the server has taken the mail, or it has not.
        with suppress(SMTPException, OSError):
            connection.quit()
        connection.close()


def _greet(connection: SMTP, server: MailServer) -> None:
    """Introduce the gate; with HELO only when neither STARTTLS nor a sign-in is needed."""
    with _phase("EHLO", server):
        code, reply = connection.ehlo()
        if code not in _POSITIVE and not (server.starttls or server.user):
            code, reply = connection.helo()
        _check((code, reply))


@contextmanager
def _phase(name: str, server: MailServer) -> Iterator[None]:
    """Name the phase of a failure before the mail was sent."""
    try:
        yield
    except SMTPNotSupportedError:
        raise _not_offered(name) from None
    except SMTPResponseException as error:
        raise _error_of_reply(error, name, server) from None
    except SMTPException as error:
        # smtplib raises the plain class when the server does not offer something.
        is_offered = type(error) is not SMTPException
        raise (_never_sent(name, error) if is_offered else _not_offered(name)) from None
    except OSError as error:
        phase = "TLS" if isinstance(error, ssl.SSLError) else name
        raise _never_sent(phase, error) from None


def _deliver(connection: SMTP, letter: bytes, server: MailServer) -> None:
    """Send the mail; once its end is sent, only the server knows whether it took the mail."""
    try:
        code, reply = connection.data(letter)
    except SMTPResponseException as error:
        code, reply = error.smtp_code, _bytes(error.smtp_error)
    except (SMTPException, OSError) as error:
        detail = f"data: no answer: {type(error).__name__}"
        raise OutcomeUnknown("outcome_unknown", detail) from None
    if code < 0:
        raise OutcomeUnknown("outcome_unknown", "data: the mail server's answer is invalid")
    if code not in _POSITIVE:
        refusal = SMTPResponseException(code, reply)
        raise _error_of_reply(refusal, "data", server, slug="alert_refused")


def _check(answer: tuple[int, bytes]) -> None:
    code, reply = answer
    if code not in _POSITIVE:
        raise SMTPResponseException(code, reply)


def _error_of_reply(
    error: SMTPResponseException, phase: str, server: MailServer, *, slug: str = "channel_refused"
) -> RetryLater | Refused:
    """Return a refusal with its phase, code (RFC 5321, section 4.2.1) and the server's words.

    Only 5xx is permanent. An invalid code says nothing, so it is not.
    """
    words = _words(_bytes(error.smtp_error), server)
    detail = f"{phase}: the mail server answered {error.smtp_code}{f' {words}' if words else ''}"
    if error.smtp_code in _FOR_GOOD:
        return Refused(slug, detail)
    return RetryLater("channel_unavailable", detail)


def _words(reply: bytes, server: MailServer) -> str:
    """Return the server's words on one line, without our secrets, should it repeat them."""
    said = fold(reply.decode("utf-8", "replace"))
    if server.password:
        for secret in (server.password, *encodings(server.user, server.password)):
            said = said.replace(secret, "***")
    return cut(said, _MOST_WORDS)


def _never_sent(phase: str, error: Exception) -> RetryLater:
    """Return a failure before the mail was sent, in the system's own words."""
    said = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or ""
    words = f" ({cut(fold(str(said)), _MOST_WORDS)})" if said else ""
    return RetryLater("channel_unavailable", f"{phase}: {type(error).__name__}{words}")


def _not_offered(phase: str) -> Refused:
    if phase == "sign-in":
        detail = "the mail server offers no sign-in method that the gate supports"
    else:
        detail = "the mail server does not offer STARTTLS"
    return Refused("channel_refused", f"{phase}: {detail}")


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode("utf-8", "replace")

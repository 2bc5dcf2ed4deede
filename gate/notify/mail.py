"""Send alerts by mail, over SMTP.

Certificates are checked, always. A recipient that the server puts off does not keep the mail from
the others: they are remembered, and the next try is for the rest.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from smtplib import SMTP, SMTP_SSL, SMTPException, SMTPNotSupportedError, SMTPResponseException
from typing import Final

from gate.domain.alert import Alert, Channel
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.notify.answers import answer_lost, never_sent
from gate.notify.letter import write_letter
from gate.notify.mail_sign_in import sign_in
from gate.notify.mailbox import Mailbox, MailServer
from gate.notify.taken import Taken

TIMEOUT: Final = 15.0
"""Seconds, for connecting and for each answer."""

_POSITIVE: Final = range(200, 300)
_FOR_GOOD: Final = range(500, 600)
_ENHANCED: Final = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")


class MailNotifier:
    """Send to one list of recipients, from any thread: each mail has its own connection."""

    channel: Final = Channel.EMAIL

    def __init__(
        self, mailbox: Mailbox, *, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT
    ) -> None:
        """Prepare; nothing is called. `context` says whom to trust: by default, as the system."""
        self._mailbox: Final = mailbox
        self._context: Final = context or ssl.create_default_context()
        self._timeout: Final = timeout
        self._taken: Final = Taken()

    def send(self, alert: Alert) -> None:
        """Send one mail to all who have not got it yet.

        Raises RetryLater when some were put off, Refused when some were refused for good: the
        others have it then.
        """
        mailbox = self._mailbox
        letter = write_letter(alert, mailbox.sender, mailbox.recipients).as_bytes()
        done = self._taken.by(alert.key)
        left = [it for it in range(len(mailbox.recipients)) if it not in done]
        if not left:
            return
        with _connected(mailbox.server, self._context, self._timeout) as connection:
            accepted, failures = self._announce(connection, left)
            if accepted:
                _deliver(connection, letter)
        for number in accepted:
            self._taken.record(alert.key, number)
        if failures:
            raise min(failures, key=lambda it: not isinstance(it, RetryLater))

    def _announce(self, connection: SMTP, left: Sequence[int]) -> tuple[list[int], list[GateError]]:
        """Name sender and recipients; say which the server takes, and why not the others."""
        with _before_the_mail("the sender"):
            _check(connection.mail(self._mailbox.sender.addr_spec), "the sender")
        accepted: list[int] = []
        failures: list[GateError] = []
        for number in left:
            address = self._mailbox.recipients[number].addr_spec
            with _before_the_mail(address):
                answer = connection.rcpt(address)
            try:
                _check(answer, address)
            except (RetryLater, Refused) as error:
                failures.append(error)
            else:
                accepted.append(number)
        return accepted, failures


@contextmanager
def _connected(server: MailServer, context: ssl.SSLContext, timeout: float) -> Iterator[SMTP]:
    """Connect, encrypt and sign in; hang up at the end, whatever the server makes of that."""
    with _before_the_mail("the connection"):
        connection = (
            SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
            if server.tls
            else SMTP(server.host, server.port, timeout=timeout)
        )
    try:
        with _before_the_mail("the sign-in"):
            if server.starttls:
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if server.user:
                sign_in(connection, server.user, server.password)
        yield connection
    finally:
        # The mail is with the server, or it is not: a lost goodbye changes nothing.
        with suppress(SMTPException, OSError):
            connection.quit()
        connection.close()


@contextmanager
def _before_the_mail(what: str) -> Iterator[None]:
    """Name what fails while there is nothing yet that could have arrived."""
    try:
        yield
    except SMTPNotSupportedError:
        raise _not_offered() from None
    except SMTPResponseException as error:
        raise _error_of_reply(error.smtp_code, error.smtp_error, what) from None
    except SMTPException as error:
        # The plain class is smtplib's word for "no way to sign in that both sides know".
        raise (_not_offered() if type(error) is SMTPException else never_sent(error)) from None
    except OSError as error:
        raise never_sent(error) from None


def _deliver(connection: SMTP, letter: bytes) -> None:
    """Hand the mail over; once its end is sent, only the server knows whether it took it."""
    try:
        code, reply = connection.data(letter)
    except SMTPResponseException as error:
        code, reply = error.smtp_code, _bytes(error.smtp_error)
    except (SMTPException, OSError) as error:
        raise answer_lost(error) from None
    if code < 0:
        raise OutcomeUnknown("outcome_unknown", "the mail server's answer makes no sense")
    if code not in _POSITIVE:
        raise _error_of_reply(code, reply, "the mail", slug="alert_refused")


def _check(answer: tuple[int, bytes], what: str) -> None:
    code, reply = answer
    if code not in _POSITIVE:
        raise _error_of_reply(code, reply, what)


def _error_of_reply(
    code: int, reply: bytes | str, what: str, *, slug: str = "channel_refused"
) -> RetryLater | Refused:
    """Name a refusal by its code (RFC 5321, section 4.2.1); the server's own words are not shown.

    Only 5xx is for good. A code that is none says that nothing can be known, so not for good.
    """
    enhanced = _ENHANCED.match(_bytes(reply))
    status = f"{code} {enhanced.group().decode()}" if enhanced else str(code)
    detail = f"the mail server answered {status} to {what}"
    return Refused(slug, detail) if code in _FOR_GOOD else RetryLater("channel_unavailable", detail)


def _not_offered() -> Refused:
    return Refused("channel_refused", "the mail server offers no such encryption or sign-in")


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode("utf-8", "replace")

"""Signing in works with any password, on any machine."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTP, SMTPAuthenticationError, SMTPNotSupportedError
from typing import Any

import pytest
from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from gate.notify.mail.sign_in import sign_in
from tests.support.ports import unused_port

USER, PASSWORD = "mona", "pässwörd \N{KEY}"


class Office:
    """Takes every mail."""


class OfficeWithChallenge(Office):
    """Takes CRAM-MD5 besides, which aiosmtpd does not know by itself."""

    async def auth_CRAM__MD5(self, server: smtp.SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        said = await server.challenge_auth("<1@example.com>")
        keyed = hmac.new(PASSWORD.encode(), b"<1@example.com>", hashlib.md5).hexdigest()
        return AuthResult(success=said == f"{USER} {keyed}".encode(), handled=False)


def _check(
    server: smtp.SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    is_known = data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=False)


@contextmanager
def connected(*, without: tuple[str, ...] = (), cram: bool = False) -> Iterator[SMTP]:
    """Connect to a server that offers some methods."""
    port = unused_port()
    controller = Controller(
        OfficeWithChallenge() if cram else Office(),
        hostname="127.0.0.1",
        port=port,
        authenticator=_check,
        auth_require_tls=False,
        auth_exclude_mechanism=without,
    )
    controller.start()
    try:
        with SMTP("127.0.0.1", port, timeout=10) as connection:
            connection.ehlo()
            yield connection
    finally:
        controller.stop()


@pytest.mark.parametrize("without", [("LOGIN",), ("PLAIN",), ()])
def test_a_password_that_is_not_ascii(without: tuple[str, ...]) -> None:
    """It is sent in UTF-8, by either method."""
    with connected(without=without) as connection:
        sign_in(connection, USER, PASSWORD)
        assert connection.noop()[0] == 250


def test_the_method_that_hides_the_password_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that the machine forbids is passed over, before anything is asked of the server."""
    with connected(cram=True) as connection:
        assert "CRAM-MD5" in connection.esmtp_features["auth"]
        sign_in(connection, USER, PASSWORD)

    def forbidden(*_: object, **__: object) -> None:
        raise ValueError("[digital envelope routines] unsupported")

    monkeypatch.setattr(hmac, "new", forbidden)
    with connected(cram=True) as connection:
        sign_in(connection, USER, PASSWORD)


def test_a_wrong_password_is_refused_by_the_server() -> None:
    """Its last answer is given."""
    with connected() as connection, pytest.raises(SMTPAuthenticationError) as caught:
        sign_in(connection, USER, "wrong")
    assert caught.value.smtp_code == 535


def test_no_method_in_common() -> None:
    """Nothing is sent."""
    with (
        connected(without=("LOGIN", "PLAIN")) as connection,
        pytest.raises(SMTPNotSupportedError),
    ):
        sign_in(connection, USER, PASSWORD)

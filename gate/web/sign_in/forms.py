"""Protect forms against forgery: each carries a token that only its own session has."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from flask import request
from itsdangerous import Signer
from werkzeug.exceptions import Forbidden

from gate.web.sign_in.cookies import Cookies

FIELD: Final = "csrf_token"
_SALT: Final = "deployment-gate form"


class ForgedForm(Forbidden):
    """A form was not sent from a page of the session that it came with."""

    description = "This form is out of date. Go back, reload the page, and try again."


class Forms:
    """The tokens of forms, signed with the session keys, the newest of which is first."""

    def __init__(self, keys: Sequence[str], cookies: Cookies) -> None:
        """Prepare; the signer wants the oldest key first."""
        self._signer = Signer(list(reversed(keys)), _SALT, digest_method=sha256)
        self._cookies = cookies

    def token(self) -> str:
        """Return the token for a form on the present page; empty without a session."""
        secret = self._cookies.read_session()
        return "" if secret is None else self._signer.get_signature(secret).decode()

    def check(self) -> None:
        """Raise ForgedForm unless the form belongs to the present session."""
        secret, given = self._cookies.read_session(), request.form.get(FIELD, "")
        if secret is None or not self._signer.verify_signature(secret, given):
            raise ForgedForm

"""A browser that signs in: it keeps cookies, follows redirects, and comes from elsewhere."""

from __future__ import annotations

import re
from typing import Final

import requests

from tests.support.harness import Gate

_ELSEWHERE: Final = {"X-Forwarded-For": "203.0.113.7", "Accept": "text/html"}
"""Without it the gate would take the caller for one on its own machine."""

_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """One browser at one gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.http = requests.Session()
        self.http.headers.update(_ELSEWHERE)

    def get(self, path: str, *, follow: bool = False) -> requests.Response:
        """Open a page of the gate."""
        return self.http.get(self.gate.url + path, allow_redirects=follow, timeout=30)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send a form to the gate."""
        return self.http.post(self.gate.url + path, fields, allow_redirects=False, timeout=30)

    def begin(self, to: str = "/account") -> str:
        """Begin a sign-in, and return GitHub's address."""
        response = self.get(f"/sign-in/start?to={to}")
        assert response.status_code == 303, response.text
        return response.headers["Location"]

    def consent(self, address: str) -> str:
        """Consent at GitHub, and return the address that it sends the browser to."""
        response = self.http.get(address, allow_redirects=False, timeout=30)
        assert response.status_code == 302, response.text
        return response.headers["Location"]

    def finish(self, address: str) -> requests.Response:
        """Go where GitHub sent the browser."""
        return self.http.get(address, allow_redirects=False, timeout=30)

    def sign_in(self, login: str, to: str = "/account") -> requests.Response:
        """Sign in from beginning to end, and return the page that it ends on."""
        self.gate.github.sign_in_as(login)
        response = self.finish(self.consent(self.begin(to)))
        assert response.status_code == 303, response.text
        return self.get(response.headers["Location"])

    def form_token(self) -> str:
        """Read the token against forgery from the account's page."""
        return token_of(self.get("/account"))


def token_of(page: requests.Response) -> str:
    """Read the token against forgery from a page."""
    found = _TOKEN.search(page.text)
    assert found is not None
    return found[1]

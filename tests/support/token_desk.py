"""Sign report tokens by a simulated issuer, good ones and bent ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import PyJWK

from gate.githubapp.oidc.issuers import Issuers
from gate.githubapp.oidc.verifier import TokenVerifier
from gate.simulator.actions.oidc import PREFIX
from gate.simulator.github import SimulatedGitHub
from gate.simulator.http.wire import Request
from gate.simulator.server import serve

AUDIENCE: Final = "https://gate.example.com"
REPOSITORY: Final = "octo-org/frontend"
ENTERPRISE: Final = "octo-enterprise"


@dataclass(slots=True)
class Desk:
    """An issuer on loopback, a run that may have tokens, and what verifies them."""

    github: SimulatedGitHub
    run_id: int
    verifier: TokenVerifier

    def mint(self, audience: str = AUDIENCE, **claims: Any) -> str:
        """Sign a token by the issuer's key, with some claims changed."""
        return self.github.mint_token(self.run_id, audience, claims)

    def signed(self, key: Any, algorithm: str = "RS256", **header: Any) -> str:
        """Sign the claims of a good token by a key and with headers of one's own."""
        token = self.mint()
        claims = jwt.decode(token, options={"verify_signature": False})
        known = jwt.get_unverified_header(token)
        return jwt.encode(claims, key, algorithm, {"kid": known["kid"], **header})

    def public_key(self) -> rsa.RSAPublicKey:
        """Return the key that the issuer shows."""
        shown = json.loads(self.github.issuer.answer(get("/.well-known/jwks")).body)["keys"][0]
        key: rsa.RSAPublicKey = PyJWK(shown).key
        return key


def get(path: str) -> Request:
    """Build a request for one of the issuer's addresses."""
    return Request("GET", f"{PREFIX}{path}", {}, {}, b"")


@contextmanager
def open_desk() -> Iterator[Desk]:
    """Serve an issuer; its keys have been read once."""
    github = SimulatedGitHub()
    github.create_repository(REPOSITORY)
    with serve(github):
        run_id = github.start_run(REPOSITORY, "production-validation.yml")
        clock = github.world.clock
        verifier = TokenVerifier(Issuers(github.issuer.url, clock), AUDIENCE, clock)
        made = Desk(github, run_id, verifier)
        made.verifier.verify(made.mint())
        github.mint_token(run_id, AUDIENCE, enterprise=ENTERPRISE)
        yield made

"""App JWTs and installation access tokens, checked as strictly as GitHub does.

See "Generating a JSON Web Token (JWT) for a GitHub App" and "Generating an installation access
token for a GitHub App".
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gate.simulator.state.accounts import App, Installation, Permissions
from gate.simulator.state.world import World

TOKEN_LIFETIME = timedelta(hours=1)
JWT_LIFETIME = timedelta(minutes=10)
# How far an App's clock may run ahead of GitHub's before its `iat` lies in the future.
JWT_LEEWAY = timedelta(seconds=30)

TokenFormat = Literal["stateless", "opaque"]


class BadCredentials(Exception):
    """The request is answered with 401 and this message."""


@dataclass(frozen=True, slots=True)
class InstallationToken:
    """An access token and what it opens; `repository_ids` None means all of the installation."""

    token: str
    installation_id: int
    app_id: int
    permissions: Permissions
    repository_ids: frozenset[int] | None
    expires_at: datetime


def load_public_key(pem: str) -> RSAPublicKey:
    """Read the public key of an App; GitHub signs App JWTs with RSA alone."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise TypeError("an App's key is an RSA key")
    return key


class Tokens:
    """The tokens in circulation, and the JWTs that were found good."""

    def __init__(self, world: World, token_format: TokenFormat = "stateless") -> None:
        self._world = world
        self._format = token_format
        self._issued: dict[str, InstallationToken] = {}
        self._keys: dict[str, RSAPublicKey] = {}
        self._verified: dict[str, tuple[App, datetime]] = {}

    def verify_jwt(self, token: str) -> App:
        """Authenticate an App; a JWT is verified once and then remembered until it expires."""
        now = self._world.now()
        known = self._verified.get(token)
        if known is None:
            known = self._verify(token, now)
            self._verified[token] = known
        app, expires_at = known
        if expires_at <= now:
            raise BadCredentials(
                "'Expiration time' claim ('exp') must be a numeric value "
                "representing the future time at which the assertion expires"
            )
        return app

    def forget_jwts(self, app: App) -> None:
        """Forget which JWTs of an App were checked."""
        for token in [it for it, (known, _) in self._verified.items() if known is app]:
            del self._verified[token]

    def _verify(self, token: str, now: datetime) -> tuple[App, datetime]:
        try:
            issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss"))
        except jwt.PyJWTError as error:
            raise BadCredentials("A JSON web token could not be decoded") from error
        app = next(
            (
                each
                for each in self._world.apps.values()
                if issuer in (str(each.id), each.client_id)
            ),
            None,
        )
        if app is None:
            raise BadCredentials("Integration not found")
        if app.public_key_pem not in self._keys:
            self._keys[app.public_key_pem] = load_public_key(app.public_key_pem)
        try:
            claims = jwt.decode(
                token,
                self._keys[app.public_key_pem],
                algorithms=["RS256"],
                # Times are checked below, by the simulation's clock.
                options={
                    "require": ["iat", "exp", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            issued_at = datetime.fromtimestamp(int(claims["iat"]), now.tzinfo)
            expires_at = datetime.fromtimestamp(int(claims["exp"]), now.tzinfo)
        except (jwt.PyJWTError, ValueError, OverflowError) as error:
            raise BadCredentials("A JSON web token could not be decoded") from error
        if issued_at > now + JWT_LEEWAY:
            raise BadCredentials(
                "'Issued at' claim ('iat') must be an Integer representing the time "
                "that the assertion was issued"
            )
        if expires_at > now + JWT_LIFETIME:
            raise BadCredentials("'Expiration time' claim ('exp') is too far in the future")
        return app, expires_at

    def issue(
        self,
        installation: Installation,
        permissions: Permissions,
        repository_ids: frozenset[int] | None,
    ) -> InstallationToken:
        """Issue a token that expires in one hour by the simulation's clock."""
        token = InstallationToken(
            token=self._new_token(installation.app_id),
            installation_id=installation.id,
            app_id=installation.app_id,
            permissions=permissions,
            repository_ids=repository_ids,
            expires_at=(self._world.now() + TOKEN_LIFETIME).replace(microsecond=0),
        )
        self._issued[token.token] = token
        return token

    def find(self, token: str) -> InstallationToken:
        """Authenticate an installation; an expired token is as bad as an unknown one."""
        found = self._issued.get(token)
        if found is None or found.installation_id not in self._world.installations:
            raise BadCredentials("Bad credentials")
        if found.expires_at <= self._world.now():
            del self._issued[token]
            raise BadCredentials("Bad credentials")
        return found

    def revoke(self, installation_id: int) -> None:
        """Make every token of an installation worthless."""
        for token in [t for t in self._issued.values() if t.installation_id == installation_id]:
            del self._issued[token.token]

    def _new_token(self, app_id: int) -> str:
        if self._format == "opaque":
            return f"ghs_{secrets.token_hex(18)}"
        parts = (secrets.token_bytes(size) for size in (27, 90, 256))
        encoded = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        return f"ghs_{app_id}_{'.'.join(encoded)}"

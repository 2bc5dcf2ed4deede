"""Issue the tokens by which a workflow run proves who it is, as GitHub's issuer does.

Discovery, keys, and the address that a runner asks for a token, with GitHub's claims (docs: OpenID
Connect reference). The key is made when it is first needed: that takes a moment.
"""

import hmac
import secrets
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from gate.simulator.http.wire import Request, Response
from gate.simulator.state.records import TokenRequest
from gate.simulator.state.runs import Run
from gate.simulator.state.world import Json, World

# Where GitHub Enterprise Server has its issuer.
PREFIX = "/_services/token"
LIFETIME = timedelta(minutes=5)
# "Understanding the OIDC token": the example is valid ten minutes before it was issued.
VALID_BEFORE = timedelta(minutes=10)

_DISCOVERY = "/.well-known/openid-configuration"
_JWKS = "/.well-known/jwks"
_RUNS = f"{PREFIX}/runs/"
_JSON = "application/json; charset=utf-8"
_PULL_REQUEST = "pull_request"


class Issuer:
    """The issuer of one simulated GitHub; the last of its keys signs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._enterprises: dict[str, dict[str, rsa.RSAPrivateKey]] = {}
        self._requests: dict[str, int] = {}

    @property
    def url(self) -> str:
        """Return the issuer as tokens name it."""
        parts = urlsplit(self._world.api_url)
        return f"{parts.scheme}://{parts.netloc}{PREFIX}"

    def rotate(self, *, keep: bool) -> str:
        """Sign with a new key from now on, and give its id; `keep` still shows those before."""
        if not keep:
            self._keys.clear()
        key_id, self._keys[key_id] = _new_key()
        return key_id

    def token_request(self, run: Run) -> TokenRequest:
        """Return where the runner of a run requests a token, and the right to do so."""
        bearer = secrets.token_urlsafe(32)
        self._requests[bearer] = run.id
        return TokenRequest(f"{self.url}/runs/{run.id}?api-version=2.0", bearer)

    def mint(
        self,
        run: Run,
        audience: str,
        changes: Json | None = None,
        enterprise: str | None = None,
    ) -> str:
        """Sign a token for the present attempt of a run; a claim changed to None is left out.

        An `enterprise` has an issuer and a key of its own.
        """
        claims = self._claims(run, audience)
        if enterprise is None:
            key_id = self._key_id()
            key = self._keys[key_id]
        else:
            keys = self._enterprises.setdefault(enterprise, dict([_new_key()]))
            key_id, key = next(iter(keys.items()))
            claims["iss"] = f"{self.url}/{enterprise}"
        claims |= changes or {}
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(present, key, "RS256", {"kid": key_id, "x5t": key_id})

    def answer(self, request: Request) -> Response:
        """Answer the issuer's own addresses."""
        for issuer, keys in ((self.url, self._keys), *self._of_enterprises()):
            path = urlsplit(issuer).path
            if request.method == "GET" and request.path == path + _DISCOVERY:
                return _json(_configuration(issuer))
            if request.method == "GET" and request.path == path + _JWKS:
                self._key_id()
                return _json({"keys": [_shown(*each) for each in keys.items()]})
        if request.method == "GET" and request.path.startswith(_RUNS):
            return self._issue(request)
        return Response(404)

    def _issue(self, request: Request) -> Response:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        run_id = next(
            (run for known, run in self._requests.items() if hmac.compare_digest(known, bearer)),
            None,
        )
        if scheme.lower() != "bearer" or request.path != f"{_RUNS}{run_id}":
            return Response(401)
        run = self._world.runs[int(run_id or 0)]
        owner = self._world.repository_of(run).owner.login
        audience = request.query.get("audience") or f"https://github.com/{owner}"
        token = self.mint(run, audience)
        return _json({"count": len(token), "value": token})

    def _claims(self, run: Run, audience: str) -> dict[str, Any]:
        world = self._world
        repository = world.repository_of(run)
        now = int(world.now().timestamp())
        is_pull = run.event.startswith(_PULL_REQUEST)
        ref = f"refs/pull/{run.run_number}/merge" if is_pull else f"refs/heads/{run.head_branch}"
        workflow_ref = f"{repository.full_name}/{run.workflow.path}@{ref}"
        subject = _PULL_REQUEST if is_pull else f"ref:{ref}"
        return {
            "iss": self.url,
            "aud": audience,
            "sub": f"repo:{repository.full_name}:{subject}",
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now - int(VALID_BEFORE.total_seconds()),
            "exp": now + int(LIFETIME.total_seconds()),
            "repository": repository.full_name,
            "repository_id": str(repository.id),
            "repository_owner": repository.owner.login,
            "repository_owner_id": str(repository.owner.id),
            "repository_visibility": "private" if repository.private else "public",
            "ref": ref,
            "ref_type": "branch",
            "head_ref": run.head_branch if is_pull else "",
            "base_ref": repository.default_branch if is_pull else "",
            "sha": run.head_sha,
            "workflow": run.workflow.name,
            "workflow_ref": workflow_ref,
            "workflow_sha": run.head_sha,
            "job_workflow_ref": workflow_ref,
            "job_workflow_sha": run.head_sha,
            "run_id": str(run.id),
            "run_number": str(run.run_number),
            "run_attempt": str(run.attempt.number),
            "event_name": run.event,
            "actor": run.actor.login,
            "actor_id": str(run.actor.id),
            "runner_environment": "github-hosted",
        }

    def _of_enterprises(self) -> list[tuple[str, dict[str, rsa.RSAPrivateKey]]]:
        """List the issuers of enterprises, each with its keys."""
        return [(f"{self.url}/{slug}", keys) for slug, keys in self._enterprises.items()]

    def _key_id(self) -> str:
        """Return the id of the key that signs."""
        return next(reversed(self._keys), None) or self.rotate(keep=True)


def _new_key() -> tuple[str, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return secrets.token_hex(20).upper(), key


def _configuration(issuer: str) -> Json:
    return {
        "issuer": issuer,
        "jwks_uri": issuer + _JWKS,
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }


def _shown(key_id: str, key: rsa.RSAPrivateKey) -> Json:
    jwk: Json = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    kept = {name: jwk[name] for name in ("kty", "n", "e")}
    return {**kept, "kid": key_id, "alg": "RS256", "use": "sig"}


def _json(value: object) -> Response:
    return Response(200, msgspec.json.encode(value), {"Content-Type": _JSON})

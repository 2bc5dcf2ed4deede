"""Tokens of workflow runs: a good one tells who speaks, any other is refused for its reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.domain.model.reporters import Reporter
from gate.errors import ReportRejected
from gate.githubapp.oidc.verifier import LEEWAY, LONGEST
from tests.support.token_desk import AUDIENCE, ENTERPRISE, REPOSITORY, Desk

ELSEWHERE: Final = "https://attacker.example/keys"


@cache
def other_key() -> rsa.RSAPrivateKey:
    """Make a key that is none of the issuer's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_a_good_token_tells_who_speaks(desk: Desk) -> None:
    """Its numbers are numbers, and its workflow is a file of the repository."""
    run = desk.github.world.run(desk.run_id)
    repository = desk.github.world.repository(REPOSITORY)
    token = desk.mint(jti="one", exp=2_000_000_000)
    assert desk.verifier.verify(token) == Reporter(
        repository_id=repository.id,  # type: ignore[arg-type]
        owner_id=repository.owner.id,  # type: ignore[arg-type]
        run_id=run.id,  # type: ignore[arg-type]
        run_attempt=1,
        workflow=".github/workflows/production-validation.yml",
        ref="refs/heads/main",
        event="push",
        sha=run.head_sha,  # type: ignore[arg-type]
        token_id="one",
        expires_at=datetime.fromtimestamp(2_000_000_000, UTC),
    )


def test_an_enterprise_has_an_issuer_and_keys_of_its_own(desk: Desk) -> None:
    """The configured issuer with the enterprise's name behind it counts as well."""
    token = desk.github.mint_token(desk.run_id, AUDIENCE, enterprise=ENTERPRISE)
    assert desk.verifier.verify(token).run_id == desk.run_id


def test_a_foreign_issuer_is_named_beside_ours(desk: Desk) -> None:
    """Whoever reads the 401 sees which setting is wrong."""
    foreign = "https://token.actions.octo.ghe.com"
    with pytest.raises(ReportRejected) as caught:
        desk.verifier.verify(desk.mint(iss=foreign))
    assert caught.value.reason == "wrong_issuer"
    assert foreign in caught.value.detail
    assert desk.github.issuer.url in caught.value.detail
    with pytest.raises(ReportRejected) as caught:
        desk.verifier.verify(desk.mint(iss="https://x/\n<script>"))
    assert "<script>" not in caught.value.detail


def test_what_a_token_says_of_names_does_not_matter(desk: Desk) -> None:
    """The subject's form is the owner's to change, and a workflow elsewhere is no local one."""
    speaks = desk.verifier.verify(desk.mint(sub="anything", sub_extra=["x"], run_id=12))
    assert speaks.run_id == 12
    elsewhere = desk.mint(workflow_ref="other/repo/.github/workflows/x.yml@refs/heads/a@b")
    found = desk.verifier.verify(elsewhere)
    assert (found.workflow, found.ref) == ("other/repo/.github/workflows/x.yml", "refs/heads/a@b")


def unsigned(desk: Desk) -> str:
    """Take the signature away."""
    return desk.signed(None, "none")


def hmac_by_public_key(desk: Desk) -> str:
    """Sign by the one key that everybody has, as if it were a shared secret."""
    claims = desk.mint().split(".")[1]
    header = base64.urlsafe_b64encode(
        json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid_of(desk)}).encode()
    ).rstrip(b"=")
    text = header + b"." + claims.encode()
    pem = desk.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signature = base64.urlsafe_b64encode(hmac.new(pem, text, hashlib.sha256).digest()).rstrip(b"=")
    return (text + b"." + signature).decode()


def kid_of(desk: Desk) -> str:
    """Name the key that the issuer signs with."""
    return str(jwt.get_unverified_header(desk.mint())["kid"])


def own_keys(desk: Desk) -> str:
    """Bring a key along in the header, in each way there is."""
    shown: Any = jwt.algorithms.RSAAlgorithm.to_jwk(other_key().public_key(), as_dict=True)
    return desk.signed(other_key(), jku=ELSEWHERE, x5u=ELSEWHERE, jwk=shown)


def without_key_id(desk: Desk) -> str:
    """Name no key at all."""
    claims = jwt.decode(desk.mint(), options={"verify_signature": False})
    return jwt.encode(claims, other_key(), "RS256")


def swapped(desk: Desk) -> str:
    """Put the signature of one token behind the claims of another."""
    return f"{desk.mint(run_id='1').rpartition('.')[0]}.{desk.mint().rpartition('.')[2]}"


def nested(_desk: Desk) -> str:
    """Nest deeper than a parser follows."""
    deep = base64.urlsafe_b64encode(b'{"kid": ' + b"[" * 9_000).rstrip(b"=").decode()
    return f"{deep}.e30.c2ln"


Make = Callable[[Desk], str]
HOSTILE: Final[dict[str, tuple[Make, str]]] = {
    "another audience": (lambda it: it.mint("https://github.com/octo-org"), "wrong_audience"),
    "several audiences": (lambda it: it.mint(aud=[AUDIENCE, "https://x"]), "wrong_audience"),
    "audience with a slash": (lambda it: it.mint(f"{AUDIENCE}/"), "wrong_audience"),
    "no audience": (lambda it: it.mint(aud=None), "missing_claim"),
    "another issuer": (
        lambda it: it.mint(iss="https://token.actions.githubusercontent.com"),
        "wrong_issuer",
    ),
    "an enterprise's name, another's key": (
        lambda it: it.mint(iss=f"{it.github.issuer.url}/{ENTERPRISE}"),
        "unknown_key",
    ),
    "two segments more": (
        lambda it: it.mint(iss=f"{it.github.issuer.url}/{ENTERPRISE}/x"),
        "wrong_issuer",
    ),
    "a segment that is none": (
        lambda it: it.mint(iss=f"{it.github.issuer.url}/.."),
        "wrong_issuer",
    ),
    "a longer host": (lambda it: it.mint(iss=f"{it.github.issuer.url}x/octo"), "wrong_issuer"),
    "another key": (lambda it: it.signed(other_key()), "bad_signature"),
    "a key of its own": (own_keys, "bad_signature"),
    "an unknown key": (lambda it: it.signed(other_key(), kid="mine"), "unknown_key"),
    "no key named": (without_key_id, "unknown_key"),
    "a key elsewhere": (lambda it: it.signed(other_key(), kid=ELSEWHERE), "unknown_key"),
    "a path as a key": (lambda it: it.signed(other_key(), kid="../../etc/passwd"), "unknown_key"),
    "another's signature": (swapped, "bad_signature"),
    "no signature": (unsigned, "wrong_algorithm"),
    "hmac by the public key": (hmac_by_public_key, "wrong_algorithm"),
    "another hash": (lambda it: it.signed(other_key(), "RS512"), "wrong_algorithm"),
    "critical header": (lambda it: it.signed(other_key(), crit=["exp"], exp=1), "malformed_token"),
    "nested": (nested, "malformed_token"),
    "oversized": (lambda it: it.mint(padding="x" * LONGEST), "malformed_token"),
    "empty": (lambda _: "", "malformed_token"),
    "no token": (lambda _: "ghs_abc", "malformed_token"),
    "not ascii": (lambda _: "é.é.é", "malformed_token"),
    "a number that is none": (lambda it: it.mint(repository_id="12x"), "malformed_claim"),
    "a negative number": (lambda it: it.mint(run_id="-1"), "malformed_claim"),
    "zero": (lambda it: it.mint(run_attempt="0"), "malformed_claim"),
    "other digits": (lambda it: it.mint(run_id="١٢"), "malformed_claim"),
    "a number too large": (lambda it: it.mint(run_id=str(2**63)), "malformed_claim"),
    "an attempt too large": (lambda it: it.mint(run_attempt=str(2**31)), "malformed_claim"),
    "true": (lambda it: it.mint(run_id=True), "malformed_claim"),
    "a list": (lambda it: it.mint(repository_owner_id=["1"]), "malformed_claim"),
    "a commit that is none": (lambda it: it.mint(sha="main"), "malformed_claim"),
    "a workflow without ref": (lambda it: it.mint(workflow_ref="a/b/c.yml"), "malformed_claim"),
    "a workflow in two lines": (lambda it: it.mint(workflow_ref="a\n@b"), "malformed_claim"),
    "an id with a blank": (lambda it: it.mint(jti="a b"), "malformed_claim"),
    "an empty id": (lambda it: it.mint(jti=""), "malformed_claim"),
    "an end that is text": (lambda it: it.mint(exp="2000000000"), "malformed_claim"),
    "an end beyond time": (lambda it: it.mint(exp=10**18), "malformed_claim"),
    "a pull request": (lambda it: it.mint(event_name="pull_request"), "fork_context"),
    "its target": (lambda it: it.mint(event_name="pull_request_target"), "fork_context"),
    "its branch": (lambda it: it.mint(head_ref="topic"), "fork_context"),
    "its base": (lambda it: it.mint(base_ref="main"), "fork_context"),
    "its ref": (
        lambda it: it.mint(workflow_ref="a/b/.github/workflows/c.yml@refs/pull/1/merge"),
        "fork_context",
    ),
} | {
    f"without {name}": (lambda it, name=name: it.mint(**{name: None}), "missing_claim")
    for name in (
        *("iss", "exp", "nbf", "iat", "jti", "repository", "repository_id"),
        *("repository_owner_id", "run_id", "run_attempt", "workflow_ref", "event_name", "sha"),
    )
}


@pytest.mark.parametrize(("make", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_token_is_refused(desk: Desk, make: Make, reason: str) -> None:
    """Each for its own reason; nothing of the token is repeated, and nobody else is asked."""
    token = make(desk)
    with pytest.raises(ReportRejected) as caught:
        desk.verifier.verify(token)
    assert caught.value.reason == reason
    assert "attacker" not in str(caught.value)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("claim", "off", "reason"),
    [
        ("exp", -LEEWAY, "token_expired"),
        ("exp", -LEEWAY + timedelta(seconds=5), None),
        ("nbf", LEEWAY + timedelta(seconds=5), "token_not_yet_valid"),
        ("nbf", LEEWAY - timedelta(seconds=5), None),
        ("iat", LEEWAY + timedelta(seconds=5), "token_not_yet_valid"),
        ("iat", LEEWAY - timedelta(seconds=5), None),
    ],
)
def test_times_are_taken_with_a_minute_of_leeway(
    desk: Desk, claim: str, off: timedelta, reason: str | None
) -> None:
    """By the gate's own clock, and no more than a minute."""
    assert timedelta(minutes=1) == LEEWAY
    changed: dict[str, Any] = {claim: (desk.github.world.now() + off).timestamp()}
    token = desk.mint(**changed)
    if reason is None:
        desk.verifier.verify(token)
        return
    with pytest.raises(ReportRejected) as caught:
        desk.verifier.verify(token)
    assert caught.value.reason == reason

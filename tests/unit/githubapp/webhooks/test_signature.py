"""Webhooks signed by GitHub are taken; whatever else comes is refused."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import DeliveryRejected
from gate.githubapp.webhooks.signature import check_signature

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
# The example of "Validating webhook deliveries".
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example_is_accepted() -> None:
    """The secret, body and signature that GitHub documents go together."""
    check_signature(BODY, SIGNATURE, [SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, "new"], ["new", SECRET], ("a", "b", SECRET)])
def test_any_of_the_secrets_will_do(secrets: list[str]) -> None:
    """While secrets rotate, both the old and the new one are valid."""
    check_signature(BODY, SIGNATURE, secrets)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        SIGNATURE.upper(),
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE[:-1],
        f"{SIGNATURE} ",
        f" {SIGNATURE}",
        f"{SIGNATURE}\n",
        f"{SIGNATURE},{SIGNATURE}",
        "sha256=" + "0" * 64,
        "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
        "sha256=\N{LATIN SMALL LETTER E WITH ACUTE}" + "0" * 63,
        "\udcff" * 71,
        "None",
    ],
)
def test_a_wrong_signature_is_refused(header: str) -> None:
    """Nothing but the exact header is accepted, and no header makes the check itself fail."""
    with pytest.raises(DeliveryRejected) as caught:
        check_signature(BODY, header, [SECRET])
    assert caught.value.reason == "bad_signature"


def test_a_delivery_without_a_signature_is_refused() -> None:
    """A missing header is told from a wrong one, because it is another mistake."""
    with pytest.raises(DeliveryRejected) as caught:
        check_signature(BODY, None, [SECRET])
    assert caught.value.reason == "missing_signature"


@pytest.mark.parametrize("secrets", [[], (), [""], [SECRET, ""], SECRET])
def test_secrets_that_anybody_could_guess_are_a_mistake_of_ours(secrets: list[str]) -> None:
    """No secret, an empty one, or the letters of one never sign anything."""
    empty = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    with pytest.raises(ValueError, match="list of secrets"):
        check_signature(BODY, empty, secrets)


@given(body=st.binary(), header=st.text(), secret=st.text(min_size=1))
def test_only_the_right_header_passes(body: bytes, header: str, secret: str) -> None:
    """Whatever is sent, a header that is not the signature is refused as such."""
    try:
        key = secret.encode()
    except UnicodeEncodeError:
        return
    right = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    check_signature(body, right, [secret])
    if header != right:
        with pytest.raises(DeliveryRejected):
            check_signature(body, header, [secret])
